"""The effective configuration as text: every value, where it came from, and no secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

import yaml

from adapters.config.deployment_keys import DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO
from adapters.config.keys import NAMED_SECTIONS, TOP_LEVEL
from adapters.config.loading import LoadedConfig
from adapters.config.nodes import Entry, Items, Node, Scalar, Table
from adapters.config.secrecy import Masker, holds_secret
from adapters.config.sections import Section, Tier
from adapters.config.settings import MEBIBYTE, Settings
from adapters.config.settings_keys import FEATHERGATE, LIMITS
from domain.json_types import JSON
from domain.secret import MASK

_INDENT: Final = "  "
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:@+*-]*")
_MARKS: Final = {Tier.HARMLESS: "no effect here", Tier.UNSUPPORTED: "not supported yet"}
_OWN: Final = FEATHERGATE.name
_LIMITS: Final = LIMITS.name
_INNER: Final = {
    (TOP_LEVEL.name, "model_list"): DEPLOYMENT,
    **{(TOP_LEVEL.name, section.name): section for section in NAMED_SECTIONS.values()},
    (DEPLOYMENT.name, "litellm_params"): LITELLM_PARAMS,
    (DEPLOYMENT.name, "model_info"): MODEL_INFO,
    (_OWN, "limits"): LIMITS,
}


def render_effective(loaded: LoadedConfig) -> str:
    """The configuration as YAML: `key: value  # file:line, from $VARIABLE`, defaults included, secrets masked."""
    return "\n".join(_Renderer(loaded).lines()) + "\n"


class _Renderer:
    def __init__(self, loaded: LoadedConfig) -> None:
        self._config = loaded.effective
        self._defaults = _defaults(loaded.settings)
        self._masker = Masker(_known_secrets(loaded.effective, secret=False))

    def lines(self) -> Iterator[str]:
        for entry in self._config.entries.values():
            yield from self._entry(entry, TOP_LEVEL, depth=0, secret=False)
            yield from self._not_given(entry.key, entry.value, depth=1)
            if entry.key == _OWN:
                yield from self._limits(entry.value)
        for name in self._defaults:
            if name != _LIMITS and name not in self._config.entries:
                yield f"{name}:"
                yield from self._not_given(name, None, depth=1)
                if name == _OWN:
                    yield from self._limits(None)

    def _limits(self, own: Node | None) -> Iterator[str]:
        given = own.get("limits") if isinstance(own, Table) else None
        if given is None:
            yield f"{_INDENT}limits:"
            yield from self._not_given(_LIMITS, None, depth=2)

    def _not_given(self, name: str, node: Node | None, *, depth: int) -> Iterator[str]:
        """What holds for a section's keys that are not given: a default, or what another key says."""
        given = node.entries if isinstance(node, Table) else {}
        for key, (value, other) in self._defaults.get(name, {}).items():
            if key not in given:
                origin = f"from {other}" if other is not None and self._is_given(other) else "default"
                yield f"{_INDENT * depth}{key}: {_written(value)}  # {origin}"

    def _is_given(self, dotted: str) -> bool:
        section, _, key = dotted.partition(".")
        table = self._config.get(section)
        return isinstance(table, Table) and key in table.entries

    def _entry(self, entry: Entry, section: Section | None, *, depth: int, secret: bool) -> Iterator[str]:
        secret = secret or holds_secret(entry.key)
        mark = _MARKS.get(section.tier(entry.key) or Tier.ACTED_ON) if section is not None else None
        head = _INDENT * depth + f"{_written(self._masker.mask(entry.key))}:"
        if isinstance(entry.value, Scalar):
            yield f"{head} {self._scalar(entry.value, secret=secret, mark=mark)}"
        elif _is_empty(entry.value):
            yield f"{head} {'[]' if isinstance(entry.value, Items) else '{}'}  # {entry.location}"
        else:
            yield head + (f"  # {mark}" if mark else "")
            inner = _INNER.get((section.name, entry.key)) if section is not None else None
            yield from self._node(entry.value, inner, depth=depth + 1, secret=secret)
            if inner is LIMITS:
                yield from self._not_given(_LIMITS, entry.value, depth=depth + 1)

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


def _defaults(settings: Settings) -> Mapping[str, Mapping[str, tuple[JSON, str | None]]]:
    """By section and key: what holds if it is not given, and the other key that may have decided it."""
    limits = settings.limits
    return {
        "litellm_settings": {
            "drop_params": (settings.drop_params, None),
            "request_timeout": (settings.request_timeout_s, "router_settings.timeout"),
            "ssl_verify": (settings.ssl_verify, None),
            "require_auth_for_metrics_endpoint": (settings.metrics_need_key, None),
        },
        "router_settings": {
            "routing_strategy": ("simple-shuffle", None),
            "stream_timeout": (settings.stream_timeout_s, None),
        },
        "general_settings": {
            "master_key": (None, None),
            "litellm_key_header_name": (settings.key_header_name, None),
            "max_request_size_mb": (_megabytes(settings.max_request_bytes), None),
        },
        _OWN: {
            "strict": (settings.strict, None),
            "cors_origins": (list(settings.cors_origins), None),
            "log_format": (settings.log_format, "litellm_settings.json_logs"),
            "log_level": (settings.log_level, "litellm_settings.set_verbose"),
        },
        _LIMITS: {
            "connect_timeout_s": (limits.connect_timeout_s, None),
            "first_byte_timeout_s": (limits.first_byte_timeout_s, None),
            "idle_timeout_s": (limits.idle_timeout_s, None),
            "total_timeout_s": (limits.total_timeout_s, None),
            "max_response_mb": (_megabytes(limits.max_response_bytes), "general_settings.max_response_size_mb"),
        },
    }


def _megabytes(size: int) -> int | float:
    return size // MEBIBYTE if size % MEBIBYTE == 0 else round(size / MEBIBYTE, 3)
