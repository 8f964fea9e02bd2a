"""Which JSON Schemas OpenAI takes with `strict: true`.

Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (2026-11).
"""

from collections.abc import Iterator
from typing import Final

from domain.json_types import JSON

_UNSUPPORTED: Final = frozenset(
    {
        "allOf",
        "default",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "oneOf",
        "patternProperties",
        "then",
    }
)
_DEFINITIONS: Final = ("$defs", "definitions")
_TYPED_BY: Final = frozenset({"type", "anyOf", "enum", "const", "$ref"})


def is_strict(schema: JSON) -> bool:
    """Whether every object in `schema` is closed and demands all its members, and nothing else is left open."""
    if not isinstance(schema, dict) or "anyOf" in schema or not _is_object(schema):
        return False
    return all(map(_is_closed, _schemas(schema)))


def _schemas(schema: JSON) -> Iterator[JSON]:
    """`schema` and every schema inside it."""
    yield schema
    if not isinstance(schema, dict):
        return
    for group in ("properties", *_DEFINITIONS):
        members = schema.get(group)
        if isinstance(members, dict):
            for inner in members.values():
                yield from _schemas(inner)
    items, choices = schema.get("items"), schema.get("anyOf")
    if items is not None:
        yield from _schemas(items)
    for inner in choices if isinstance(choices, list) else ():
        yield from _schemas(inner)


def _is_closed(schema: JSON) -> bool:
    if not isinstance(schema, dict) or not schema.keys() & _TYPED_BY or schema.keys() & _UNSUPPORTED:
        return False
    if "$ref" in schema:
        return schema.keys() <= {"$ref", "description"}
    if _is_object(schema):
        properties, required = schema.get("properties", {}), schema.get("required", [])
        demands_all = (
            isinstance(required, list) and isinstance(properties, dict) and set(properties) <= set(required)
        )
        return demands_all and schema.get("additionalProperties") is False
    return "items" in schema or not _is(schema, "array")


def _is_object(schema: dict[str, JSON]) -> bool:
    return _is(schema, "object") or "properties" in schema


def _is(schema: dict[str, JSON], name: str) -> bool:
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list) and name in kind)
