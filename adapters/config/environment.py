"""References to environment variables: `os.environ/X`, `${X}` and `${X:-default}`.

They work in every string of the configuration, list items included, `${}` also inside longer strings.
`${X:-default}` takes the default where X is unset or empty, as a shell does; `$${` writes a plain `${`.
What a variable holds is taken literally, never looked through again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from adapters.config.mistakes import Findings
from adapters.config.nodes import Entry, Items, Node, Scalar, Table

SECTION: Final = "environment_variables"

_LITELLM: Final = "os.environ/"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE: Final = re.compile(
    rf"\$(?P<escaped>\$\{{)|\$\{{(?P<name>{_NAME.pattern})(?P<choice>:-(?P<default>[^{{}}]*))?\}}|(?P<unfinished>\$\{{)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """A text with its references replaced: by which variables, whether by a default, or why it failed."""

    text: str = field(repr=False)
    sources: tuple[str, ...] = ()
    defaulted: bool = False
    problem: str | None = None


def substitute(text: str, environment: Mapping[str, str]) -> Substitution:
    """Replace the references in `text`; `problem` names what is missing or malformed, never a value."""
    if text.startswith(_LITELLM):
        return _whole(text.removeprefix(_LITELLM), environment)
    sources: list[str] = []
    missing: list[str] = []
    pieces: list[str] = []
    defaulted = unfinished = False
    end = 0
    for found in _REFERENCE.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        name = found["name"]
        if name is None:
            pieces.append(found["escaped"] or "")
            unfinished = unfinished or found["unfinished"] is not None
            continue
        sources.append(name)
        value = environment.get(name)
        if found["choice"] is not None and not value:
            defaulted, value = True, found["default"]
        elif value is None:
            missing.append(name)
        pieces.append(value or "")
    pieces.append(text[end:])
    problem = _problem(missing, unfinished=unfinished)
    return Substitution(
        text="".join(pieces), sources=tuple(dict.fromkeys(sources)), defaulted=defaulted, problem=problem
    )


def resolve(node: Node, environment: Mapping[str, str], *, findings: Findings) -> Node:
    """The tree with every reference replaced and remembered; unset variables are noted as mistakes."""
    match node:
        case Scalar():
            return _resolved(node, environment, findings=findings)
        case Items():
            items = tuple(resolve(item, environment, findings=findings) for item in node.items)
            return Items(items=items, location=node.location)
        case Table():
            return resolve_table(node, environment, findings=findings)
        case _:
            assert_never(node)


def resolve_table(table: Table, environment: Mapping[str, str], *, findings: Findings) -> Table:
    """`resolve` for a mapping; its keys stay as they are."""
    entries = {
        key: Entry(key=key, value=resolve(entry.value, environment, findings=findings), location=entry.location)
        for key, entry in table.entries.items()
    }
    return Table(entries=entries, location=table.location)


def resolve_config(
    config: Table, environment: Mapping[str, str], *, findings: Findings
) -> tuple[Table, dict[str, str]]:
    """The whole configuration resolved, and the environment that its `environment_variables` make.

    That section wins over `environment` and is applied in its order before everything else, so a variable may
    refer to those above it.
    """
    effective = dict(environment)
    own = config.entries.get(SECTION)
    others = Table(
        entries={key: entry for key, entry in config.entries.items() if key != SECTION}, location=config.location
    )
    if own is None:
        return resolve_table(others, effective, findings=findings), effective
    section = own.value
    if isinstance(section, Table):
        section = _applied(section, effective, findings=findings)
    elif not (isinstance(section, Scalar) and (section.broken or section.value is None)):
        findings.refuse(own.location, f"'{SECTION}' must be a mapping of names to values")
    entries = {SECTION: Entry(key=SECTION, value=section, location=own.location)}
    entries |= resolve_table(others, effective, findings=findings).entries
    return Table(entries=entries, location=config.location), effective


def _applied(section: Table, effective: dict[str, str], *, findings: Findings) -> Table:
    entries: dict[str, Entry] = {}
    for key, entry in section.entries.items():
        value = entry.value
        if isinstance(value, Scalar) and value.value is None and not value.broken:
            continue
        if not isinstance(value, Scalar):
            findings.refuse(entry.location, f"'{key}' in {SECTION} must be text, a number or a boolean")
            continue
        resolved = _resolved(value, effective, findings=findings)
        entries[key] = replace(entry, value=resolved)
        if not resolved.broken:
            effective[key] = resolved.text
    return Table(entries=entries, location=section.location)


def _resolved(scalar: Scalar, environment: Mapping[str, str], *, findings: Findings) -> Scalar:
    if not isinstance(scalar.value, str):
        return scalar
    result = substitute(scalar.value, environment)
    problem = result.problem
    if problem is None and not result.text.isascii() and not _is_utf8(result.text):
        problem = f"the text in ${', $'.join(result.sources)} is not UTF-8"
    if problem is not None:
        findings.refuse(scalar.location, problem)
        return replace(scalar, value=None, text="", sources=result.sources, broken=True)
    return replace(scalar, value=result.text, text=result.text, sources=result.sources, defaulted=result.defaulted)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(name: str, environment: Mapping[str, str]) -> Substitution:
    if not _NAME.fullmatch(name):
        return Substitution(text="", problem=f"'{_LITELLM}' must be followed by the name of a variable alone")
    value = environment.get(name)
    return Substitution(text=value or "", sources=(name,), problem=_problem([name] if value is None else []))


def _problem(missing: list[str], *, unfinished: bool = False) -> str | None:
    if unfinished:
        return "'${' must begin a reference such as ${NAME} or ${NAME:-default}; write '$${' for a plain '${'"
    names = tuple(dict.fromkeys(missing))
    if not names:
        return None
    if len(names) == 1:
        return f"environment variable {names[0]} is not set; set it, or give a default: ${{{names[0]}:-default}}"
    return f"environment variables {', '.join(names)} are not set; set them, or give defaults: ${{NAME:-default}}"
