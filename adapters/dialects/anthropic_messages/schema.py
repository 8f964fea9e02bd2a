"""JSON Schemas as this wire takes them: tool inputs, and the subset that structured output compiles.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs (2026-11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Final

from domain.json_types import JSON

_KEPT: Final = frozenset({"type", "enum", "const", "$ref", "title", "description", "required"})
_VARIANTS: Final = MappingProxyType({"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"})
_NAMED_SCHEMAS: Final = frozenset({"properties", "$defs", "definitions"})
_IMPLIED: Final = frozenset({"additionalProperties", "$schema", "default", "examples"})
_STRING_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """A schema that structured output compiles; `relaxed` where constraints became mere descriptions."""

    schema: dict[str, JSON]
    relaxed: bool


def input_schema(parameters: JSON) -> dict[str, JSON]:
    """A tool's parameters as the object schema that the wire demands; everything inside stays as it is."""
    if not isinstance(parameters, dict):
        return {"type": "object", "properties": {}}
    if parameters.get("type") == "object":
        return parameters
    return {**parameters, "type": "object"}


def output_schema(schema: JSON) -> OutputSchema | None:
    """`schema` in the compiled subset; None where it is recursive, which the subset cannot express."""
    if not isinstance(schema, dict):
        return OutputSchema(
            schema={"type": "object", "properties": {}, "additionalProperties": False}, relaxed=True
        )
    if is_recursive(schema):
        return None
    sanitiser = _Sanitiser()
    return OutputSchema(schema=sanitiser.clean(schema), relaxed=sanitiser.relaxed)


def is_recursive(schema: Mapping[str, JSON]) -> bool:
    """Whether a definition of `schema` refers to itself, directly or through others, or to the whole."""
    definitions = {
        f"#/{group}/{name}": definition
        for group in ("$defs", "definitions")
        for name, definition in _mapping(schema.get(group)).items()
    }
    references: dict[str, tuple[str, ...]] = {}
    waiting = [*_references(schema)]
    while waiting:
        reference = waiting.pop()
        if reference == "#":
            return True
        if reference in definitions and reference not in references:
            references[reference] = tuple(_references(definitions[reference]))
            waiting.extend(references[reference])
    try:
        TopologicalSorter(references).prepare()
    except CycleError:
        return True
    return False


class _Sanitiser:
    """Rewrites one schema; what it cannot keep it says in the description, so that the model may still heed it."""

    def __init__(self) -> None:
        self.relaxed = False

    def clean(self, schema: JSON) -> dict[str, JSON]:
        if not isinstance(schema, dict):
            self.relaxed = True
            return {}
        if "$ref" in schema:  # nothing may stand beside a reference but the definitions of the root
            self.relaxed = self.relaxed or not schema.keys() <= {"$ref", "$defs", "title", "description"}
            schema = {key: value for key, value in schema.items() if key in {"$ref", "$defs"}}
        kept: dict[str, JSON] = {}
        moved: list[str] = []
        for key, value in schema.items():
            self._keep(key, value, kept, moved)
        if kept.get("type") == "object" or "properties" in kept:
            kept["additionalProperties"] = False
            if schema.get("additionalProperties", False) is not False:
                moved.append(f"additionalProperties: {schema['additionalProperties']}")
        if moved:
            self.relaxed = True
            said = kept.get("description")
            kept["description"] = (f"{said}\n\n" if said else "") + "{" + ", ".join(moved) + "}"
        return kept

    def _keep(self, key: str, value: JSON, kept: dict[str, JSON], moved: list[str]) -> None:
        if key in _KEPT:
            kept[key] = value
        elif key in _VARIANTS and isinstance(value, list):
            kept[_VARIANTS[key]] = [self.clean(variant) for variant in value]
        elif key in _NAMED_SCHEMAS and isinstance(value, dict):
            kept[key] = {name: self.clean(inner) for name, inner in value.items()}
        elif key == "items" and isinstance(value, dict):
            kept[key] = self.clean(value)
        elif (key == "format" and str(value) in _STRING_FORMATS) or (key == "minItems" and value in (0, 1)):
            kept[key] = value
        elif key not in _IMPLIED:
            moved.append(f"{key}: {value}")


def _references(schema: JSON) -> Iterator[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference
        for key, inner in schema.items():
            if key not in {"$defs", "definitions"}:
                yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}
