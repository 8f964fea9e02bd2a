"""JSON Schemas as Gemini's `parametersJsonSchema` and `responseJsonSchema` take them.

The supported keywords are listed at ai.google.dev/api/caching#FunctionDeclaration (2026-11). What is not on the
list is ignored there; only what is refused, or would change the meaning, is rewritten here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.dialects.gemini.losses import Losses
from domain.errors import MalformedRequest
from domain.json_types import JSON

_MAX_DEPTH: Final = 64
_MAX_MERGES: Final = 1_000
_SCHEMA_MAPS: Final = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_SCHEMA_LISTS: Final = frozenset({"anyOf", "oneOf", "prefixItems"})
_DESCRIBING: Final = frozenset({"title", "description", "default", "examples", "$schema", "$comment"})
_SCHEMAS: Final = frozenset({"items", "not", "if", "then", "else", "contains", "propertyNames"})
_CHOICES: Final = frozenset({"$ref", "anyOf", "oneOf"})
_TAKING_NOTHING: Final = frozenset({"type", "title", "description", "required", "properties", "$defs"})
"""What a schema of an object that takes nothing may say."""
_REWRITTEN: Final = frozenset(
    {*_SCHEMA_MAPS, *_SCHEMA_LISTS, *_SCHEMAS, "$ref", "$schema", "additionalProperties", "allOf", "const", "enum"}
)
"""A schema without any of these goes as it is."""


def adapt_schema(schema: Mapping[str, JSON], where: str, losses: Losses) -> dict[str, JSON]:
    """`schema` (never changed) for Gemini: `const` as enum, `allOf` merged, `$ref` alone, no boolean subschemas.

    `where` is its path. What then allows more than it did is a loss. Raises MalformedRequest where it is nested
    too deeply.
    """
    adaption = _Adaption(schema, where)
    adapted = adaption.adapted(schema, 0)
    if adaption.relaxed:
        pointer = "/" + where.replace("[", "/").replace("]", "").replace(".", "/")
        losses.change("schema_relaxed", pointer, "Gemini's schemas cannot say all of it")
    return adapted


def adapt_parameters(schema: JSON, where: str, losses: Losses) -> dict[str, JSON] | None:
    """A function's parameters as `parametersJsonSchema`, None where it takes none: both keys are then left out."""
    if not isinstance(schema, dict):
        return None
    adapted = adapt_schema(schema, where, losses)
    if "type" not in adapted and adapted.keys().isdisjoint(_CHOICES):
        adapted = {"type": "object"} | adapted
    if adapted.get("properties"):
        return adapted
    takes_something = adapted.keys() - _TAKING_NOTHING
    open_ended = takes_something - ({"additionalProperties"} if not adapted.get("additionalProperties") else set())
    return adapted if open_ended else None


class _Adaption:
    """One schema document on its way; its root resolves the references. `relaxed`: it allows more than before."""

    def __init__(self, root: Mapping[str, JSON], where: str) -> None:
        self._root = root
        self._where = where
        self._merges = 0
        self.relaxed = False

    def adapted(self, schema: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
        """One object schema. Subschemas that are `false` are left out, `true` is the empty schema."""
        if depth > _MAX_DEPTH:
            raise MalformedRequest(
                f"expected a schema of at most {_MAX_DEPTH} levels; {self._where} is deeper. Flatten it.",
                param=self._where,
            )
        if schema.keys().isdisjoint(_REWRITTEN):
            return dict(schema)
        out: dict[str, JSON] = {}
        for keyword, value in self._merged(schema, depth).items():
            if keyword not in _REWRITTEN:
                out[keyword] = value
            elif keyword in _SCHEMA_MAPS and isinstance(value, dict):
                out["$defs" if keyword == "definitions" else keyword] = self._map(value, depth)
            elif keyword in _SCHEMA_LISTS and isinstance(value, list):
                self.relaxed = self.relaxed or (keyword == "prefixItems" and any(each is False for each in value))
                out[keyword] = self._list(value, depth)
            elif keyword == "additionalProperties" and isinstance(value, dict):
                out[keyword] = self.adapted(value, depth + 1)
            elif keyword in _SCHEMAS and isinstance(value, bool | dict):
                if value is False:
                    self.relaxed = self.relaxed or keyword != "not"
                else:
                    out[keyword] = self.adapted(value if isinstance(value, dict) else {}, depth + 1)
            else:
                out[keyword] = _pointing_to_defs(value) if keyword == "$ref" else value
        out.pop("$schema", None)
        return self._lone_ref(self._plain_enum(out))

    def _map(self, schemas: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
        adapted = {
            name: self.adapted(schema if isinstance(schema, dict) else {}, depth + 1)
            for name, schema in schemas.items()
            if schema is not False
        }
        self.relaxed = self.relaxed or len(adapted) < len(schemas)
        return adapted

    def _list(self, schemas: Sequence[JSON], depth: int) -> list[JSON]:
        return [
            self.adapted(schema if isinstance(schema, dict) else {}, depth + 1)
            for schema in schemas
            if schema is not False
        ]

    def _merged(self, schema: Mapping[str, JSON], depth: int) -> Mapping[str, JSON]:
        """`schema` with the members of its `allOf` taken in; what it says itself goes before."""
        members = schema.get("allOf")
        if not isinstance(members, list):
            return schema
        rest = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
        if len(members) == 1 and isinstance(members[0], dict) and "$ref" in members[0] and "$ref" not in rest:
            return rest | members[0]
        merged: dict[str, JSON] = {}
        for each in members:
            self._merges += 1
            if self._merges > _MAX_MERGES or depth > _MAX_DEPTH:
                raise MalformedRequest(
                    f"expected `allOf`s that end; those of {self._where} refer to themselves or multiply. "
                    "Flatten them.",
                    param=self._where,
                )
            if isinstance(each, dict):
                merged = self._joined(merged, self._merged(self._resolved(each), depth + 1))
            else:
                self.relaxed = self.relaxed or each is False
        return self._joined(merged, rest)

    def _resolved(self, schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """What a schema that is only a local reference refers to."""
        for _ in range(_MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            found = _lookup(self._root, reference)
            self.relaxed = self.relaxed or found is None
            schema = found or {}
        self.relaxed = True
        return {}

    def _joined(self, first: Mapping[str, JSON], second: Mapping[str, JSON]) -> dict[str, JSON]:
        """Both schemas in one: properties and required add up, of anything else the second's counts."""
        joined = {**first, **second}
        for keyword in first.keys() & second.keys():
            one, other = first[keyword], second[keyword]
            if keyword in {"properties", "$defs"} and isinstance(one, dict) and isinstance(other, dict):
                joined[keyword] = {**one, **other}
                self.relaxed = self.relaxed or any(one[name] != other[name] for name in one.keys() & other.keys())
            elif keyword == "required" and isinstance(one, list) and isinstance(other, list):
                joined[keyword] = [*one, *(name for name in other if name not in one)]
            else:
                self.relaxed = self.relaxed or (one != other and keyword not in _DESCRIBING)
        return joined

    def _lone_ref(self, schema: dict[str, JSON]) -> dict[str, JSON]:
        """Gemini refuses a `$ref` beside anything but `$`-keywords: it becomes the only choice of an anyOf."""
        if "$ref" not in schema or all(keyword.startswith("$") for keyword in schema):
            return schema
        rest = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        if "anyOf" in rest:
            self.relaxed = True
            return rest
        return rest | {"anyOf": [{"$ref": schema["$ref"]}]}

    def _plain_enum(self, schema: dict[str, JSON]) -> dict[str, JSON]:
        """`const` as an enum of one; enums of text and numbers only: null moves out, the rest leaves its type."""
        if "const" in schema:
            schema = {keyword: value for keyword, value in schema.items() if keyword != "const"} | {
                "enum": [schema["const"]]
            }
        values = schema.get("enum")
        if not isinstance(values, list):
            return schema
        plain = [value for value in values if isinstance(value, str | int | float) and not isinstance(value, bool)]
        if len(plain) == len(values):
            return schema
        rest = {keyword: value for keyword, value in schema.items() if keyword not in {"enum", "type"}}
        if plain and len(plain) + values.count(None) == len(values) and "anyOf" not in rest:
            return rest | {"anyOf": [{"type": _type_of(plain), "enum": plain}, {"type": "null"}]}
        self.relaxed = self.relaxed or any(value is not None for value in values)
        kinds = sorted({_type_name(value) for value in values})
        return rest | {"type": schema.get("type") or (kinds[0] if len(kinds) == 1 else kinds)}


def _lookup(root: Mapping[str, JSON], reference: str) -> Mapping[str, JSON] | None:
    found: JSON = root
    if not reference.startswith("#"):
        return None
    for step in reference.removeprefix("#").removeprefix("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if name:
            found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _pointing_to_defs(reference: JSON) -> JSON:
    if isinstance(reference, str) and reference.startswith("#/definitions/"):
        return reference.replace("#/definitions/", "#/$defs/", 1)
    return reference


def _type_of(values: Sequence[JSON]) -> str | list[str]:
    kinds = sorted({_type_name(value) for value in values})
    return kinds[0] if len(kinds) == 1 else kinds


def _type_name(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
