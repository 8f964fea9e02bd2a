"""OpenAPI schemas (`parameters`, `responseSchema`) as JSON Schema (ai.google.dev/api/caching#Schema, 2026-11)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.gemini.members import camel_case, malformed
from domain.json_types import JSON

_RENAMED: Final = MappingProxyType({"defs": "$defs", "ref": "$ref"})
_COUNTS: Final = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
"""Keywords of type int64, which protobuf's JSON writes as strings."""
_SCHEMA_MAPS: Final = frozenset({"properties", "$defs"})
_SCHEMA_LISTS: Final = frozenset({"anyOf", "prefixItems"})
_SCHEMAS: Final = frozenset({"items", "additionalProperties"})
_DESCRIBING: Final = frozenset({"title", "description", "default", "examples"})


def parse_schema(schema: JSON, path: str) -> dict[str, JSON]:
    """`schema` (never changed) as JSON Schema. Raises MalformedRequest where it is no object.

    The order that `propertyOrdering` wants is the order of `properties` here; a `nullable` schema is one of two.
    """
    if not isinstance(schema, dict):
        raise malformed(path, "a schema object", schema)
    named = {camel_case(name): value for name, value in schema.items() if value is not None}
    out: dict[str, JSON] = {}
    for keyword, value in named.items():
        name = _RENAMED.get(keyword, keyword)
        if name == "type":
            out.update(_type(value))
        elif name == "example":
            out.setdefault("examples", [value])
        elif name in {"nullable", "propertyOrdering"} or (name == "format" and value == "enum"):
            continue
        else:
            out[name] = _keyword(name, value, f"{path}.{keyword}")
    _order(out, named.get("propertyOrdering"))
    return _nullable(out) if named.get("nullable") is True else out


def _keyword(name: str, value: JSON, path: str) -> JSON:
    if name in _SCHEMA_MAPS and isinstance(value, dict):
        return {key: parse_schema(inner, f"{path}.{key}") for key, inner in value.items()}
    if name in _SCHEMA_LISTS and isinstance(value, list):
        return [parse_schema(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    if name in _SCHEMAS and isinstance(value, dict):
        return parse_schema(value, path)
    if name in _COUNTS and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


def _type(value: JSON) -> dict[str, JSON]:
    if isinstance(value, list):
        return {"type": [str(each).lower() for each in value]}
    name = str(value).lower()
    return {} if name == "type_unspecified" else {"type": name}


def _order(schema: dict[str, JSON], wanted: JSON) -> None:
    properties = schema.get("properties")
    if isinstance(wanted, list) and isinstance(properties, dict):
        first = {name: properties[name] for name in wanted if isinstance(name, str) and name in properties}
        schema["properties"] = first | properties


def _nullable(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    null: dict[str, JSON] = {"type": "null"}
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        return {**schema, "anyOf": [*choices, null]}
    outside = {name: value for name, value in schema.items() if name in _DESCRIBING or name.startswith("$")}
    inside = {name: value for name, value in schema.items() if name not in outside}
    return {**outside, "anyOf": [inside, null]}
