"""The effective configuration as text: every value, where it came from, and no secret."""

import re
from collections.abc import Iterator
from typing import Final, assert_never

import yaml

from adapters.config.defaults import defaults
from adapters.config.deployment_keys import DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO
from adapters.config.keys import TOP_LEVEL
from adapters.config.loading import LoadedConfig
from adapters.config.nodes import Entry, Items, Node, Scalar, Table
from adapters.config.routing_keys import ALLOWED_FAILS_POLICY, HEDGING, RETRY_POLICY, ROUTING
from adapters.config.secrecy import Masker, holds_secret
from adapters.config.sections import Section, Tier
from adapters.config.settings_keys import (
    FEATHERGATE,
    GENERAL_SETTINGS,
    LIMITS,
    LITELLM_SETTINGS,
    ROUTER_SETTINGS,
)
from domain.json_types import JSON
from domain.secret import MASK

_INDENT: Final = "  "
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:@+*-]*")
_MARKS: Final = {Tier.HARMLESS: "no effect here", Tier.UNSUPPORTED: "not supported yet"}
_WITH_DEFAULTS: Final = {
    TOP_LEVEL.name: {
        section.name: section for section in (LITELLM_SETTINGS, ROUTER_SETTINGS, GENERAL_SETTINGS, FEATHERGATE)
    },
    FEATHERGATE.name: {"limits": LIMITS, "routing": ROUTING},
    ROUTING.name: {"hedging": HEDGING},
}
"""By section and key: the sections within it that are shown even where they are not given."""
_POLICIES: Final = {"retry_policy": RETRY_POLICY, "allowed_fails_policy": ALLOWED_FAILS_POLICY}
_INNER: Final = {
    **_WITH_DEFAULTS,
    TOP_LEVEL.name: {"model_list": DEPLOYMENT, **_WITH_DEFAULTS[TOP_LEVEL.name]},
    DEPLOYMENT.name: {"litellm_params": LITELLM_PARAMS, "model_info": MODEL_INFO},
    LITELLM_SETTINGS.name: _POLICIES,
    ROUTER_SETTINGS.name: _POLICIES,
}


def render_effective(loaded: LoadedConfig) -> str:
    """The configuration as YAML: `key: value  # file:line, from $VARIABLE`, defaults included, secrets masked."""
    return "\n".join(_Renderer(loaded).lines()) + "\n"


class _Renderer:
    def __init__(self, loaded: LoadedConfig) -> None:
        self._config = loaded.effective
        self._defaults = defaults(loaded.settings)
        self._masker = Masker(_known_secrets(loaded.effective, secret=False))

    def lines(self) -> Iterator[str]:
        yield from self._node(self._config, TOP_LEVEL, depth=0, secret=False)
        yield from self._not_given(TOP_LEVEL.name, self._config, depth=0)

    def _not_given(self, name: str, node: Node | None, *, depth: int) -> Iterator[str]:
        """What holds for a section's keys that are not given: a default, or what another key says."""
        given = node.entries if isinstance(node, Table) else {}
        for key, (value, others) in self._defaults.get(name, {}).items():
            if key not in given:
                origin = next((f"from {other}" for other in others if self._is_given(other)), "default")
                yield f"{_INDENT * depth}{key}: {_written(value)}  # {origin}"
        for key, section in _WITH_DEFAULTS.get(name, {}).items():
            if key not in given:
                yield f"{_INDENT * depth}{key}:"
                yield from self._not_given(section.name, None, depth=depth + 1)

    def _is_given(self, dotted: str) -> bool:
        section, _, key = dotted.partition(".")
        table = self._config.get(section)
        return isinstance(table, Table) and key in table.entries

    def _entry(self, entry: Entry, section: Section | None, *, depth: int, secret: bool) -> Iterator[str]:
        secret = secret or holds_secret(entry.key)
        mark = _MARKS.get(section.tier(entry.key) or Tier.ACTED_ON) if section is not None else None
        head = _INDENT * depth + f"{_written(self._masker.mask(entry.key))}:"
        inner = _INNER.get(section.name, {}).get(entry.key) if section is not None else None
        filled = inner is not None and inner.name in self._defaults
        if filled and (isinstance(entry.value, Scalar) or _is_empty(entry.value)):
            yield f"{head}  # {entry.location}"
        elif isinstance(entry.value, Scalar):
            yield f"{head} {self._scalar(entry.value, secret=secret, mark=mark)}"
        elif _is_empty(entry.value):
            yield f"{head} {'[]' if isinstance(entry.value, Items) else '{}'}  # {entry.location}"
        else:
            yield head + (f"  # {mark}" if mark else "")
            yield from self._node(entry.value, inner, depth=depth + 1, secret=secret)
        if inner is not None and filled:
            yield from self._not_given(inner.name, entry.value, depth=depth + 1)

    def _node(self, node: Node, section: Section | None, *, depth: int, secret: bool) -> Iterator[str]:
        match node:
            case Scalar():
                yield _INDENT * depth + self._scalar(node, secret=secret, mark=None)
            case Items():
                for item in node.items:
                    lines = self._node(item, section, depth=depth + 1, secret=secret)
                    first = next(lines, _INDENT * (depth + 1) + ("[]" if isinstance(item, Items) else "{}"))
                    yield f"{_INDENT * depth}- {first[len(_INDENT) * (depth + 1) :]}"
                    yield from lines
            case Table():
                for entry in node.entries.values():
                    yield from self._entry(entry, section, depth=depth, secret=secret)
            case _:
                assert_never(node)

    def _scalar(self, scalar: Scalar, *, secret: bool, mark: str | None) -> str:
        hidden = (secret or any(map(holds_secret, scalar.sources))) and _can_be_secret(scalar)
        value = MASK if hidden else scalar.value
        if isinstance(value, str) and not hidden:
            value = self._masker.mask(value)
        remarks = [str(scalar.location)]
        if scalar.sources:
            names = ", ".join(f"${name}" for name in scalar.sources)
            remarks.append(f"from the default of {names}" if scalar.defaulted else f"from {names}")
        if mark:
            remarks.append(mark)
        return f"{_written(value)}  # {', '.join(remarks)}"


def _can_be_secret(scalar: Scalar) -> bool:
    return not isinstance(scalar.value, bool) and scalar.value not in {None, ""}


def _known_secrets(node: Node, *, secret: bool) -> Iterator[str]:
    match node:
        case Table():
            for entry in node.entries.values():
                yield from _known_secrets(entry.value, secret=secret or holds_secret(entry.key))
        case Items():
            for item in node.items:
                yield from _known_secrets(item, secret=secret)
        case Scalar():
            if isinstance(node.value, str) and (secret or any(map(holds_secret, node.sources))):
                yield node.value
                yield from node.value.split()
        case _:
            assert_never(node)


def _is_empty(node: Items | Table) -> bool:
    return not (node.items if isinstance(node, Items) else node.entries)


def _written(value: JSON) -> str:
    """A scalar as YAML reads it back, on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return (
        yaml.dump(
            value, default_flow_style=True, default_style='"' if isinstance(value, str) else None, width=1 << 30
        )
        .removesuffix("\n...\n")
        .rstrip("\n")
    )
