"""Schemas as Gemini takes them."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.schema import adapt_parameters, adapt_schema
from domain.errors import MalformedRequest
from tests.strategies.canonical import json_values

KEYWORDS = st.sampled_from(
    [
        *(
            "type",
            "properties",
            "items",
            "anyOf",
            "allOf",
            "oneOf",
            "$ref",
            "$defs",
            "definitions",
            "enum",
            "const",
        ),
        *("required", "additionalProperties", "description", "default", "prefixItems", "not", "$schema", "title"),
    ]
)
TREES = st.recursive(
    st.one_of(json_values(), st.sampled_from(["string", "object", "#/$defs/a", "#", "#/definitions/a"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYWORDS, inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    ),
    max_leaves=20,
)


def adapted(schema: dict[str, Any]) -> dict[str, Any]:
    return adapt_schema(schema, "tools[0].function.parameters", Losses())


def schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and its subschemas, not the values it holds."""
    yield schema
    for keyword in ("properties", "$defs", "patternProperties"):
        held = schema.get(keyword)
        for inner in held.values() if isinstance(held, dict) else ():
            yield from schemas_in(inner)
    for keyword in ("anyOf", "oneOf", "prefixItems"):
        held = schema.get(keyword)
        for inner in held if isinstance(held, list) else ():
            yield from schemas_in(inner)
    for keyword in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(keyword), dict):
            yield from schemas_in(schema[keyword])


@given(st.dictionaries(KEYWORDS, TREES, max_size=4))
def test_any_tree_becomes_what_gemini_takes(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    try:
        made = adapted(schema)
    except MalformedRequest:
        return
    assert schema == before
    for each in schemas_in(made):
        assert not {"const", "$schema"} & each.keys()
        assert not isinstance(each.get("definitions"), dict)
        assert not isinstance(each.get("allOf"), list)
        assert "$ref" not in each or all(keyword.startswith("$") for keyword in each)
        enum = each.get("enum")
        assert not isinstance(enum, list) or all(
            isinstance(value, str | int | float) and not isinstance(value, bool) for value in enum
        )


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"$schema": "x", "type": "string"}, {"type": "string"}),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"const": True}, {"type": "boolean"}),
        ({"const": None}, {"type": "null"}),
        ({"enum": ["a", None], "type": ["string", "null"]}, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        ({"enum": [1, 2.5, None]}, {"anyOf": [{"type": ["integer", "number"], "enum": [1, 2.5]}, {"type": "null"}]}),
        ({"enum": [True, {}, [], "a"]}, {"type": ["array", "boolean", "object", "string"]}),
        ({"enum": [1, True]}, {"type": ["boolean", "integer"]}),
        ({"enum": "odd"}, {"enum": "odd"}),
        ({"default": {"const": 1}, "examples": [{"$schema": 1}]}, {"default": {"const": 1}, "examples": [{"$schema": 1}]}),
        ({"properties": {"a": True, "b": False}}, {"properties": {"a": {}}}),
        ({"items": True}, {"items": {}}),
        ({"items": False, "not": False}, {}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"const": 1}}, {"additionalProperties": {"enum": [1]}}),
        ({"anyOf": [True, False, {"const": 1}]}, {"anyOf": [{}, {"enum": [1]}]}),
        ({"$ref": "#/$defs/a", "description": "d"}, {"description": "d", "anyOf": [{"$ref": "#/$defs/a"}]}),
        ({"$ref": "#/$defs/a", "anyOf": [{"type": "null"}]}, {"anyOf": [{"type": "null"}]}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {}}}, {"$ref": "#/$defs/a", "$defs": {"a": {}}}),
        ({"definitions": {"a": {"const": 1}}, "$ref": "#/definitions/a"}, {"$defs": {"a": {"enum": [1]}}, "$ref": "#/$defs/a"}),
        ({"allOf": [{"$ref": "#/$defs/a"}], "title": "t"}, {"title": "t", "anyOf": [{"$ref": "#/$defs/a"}]}),
        (
            {
                "allOf": [
                    {"properties": {"a": {}}, "required": ["a"]},
                    {"properties": {"b": {}}, "required": ["a", "b"], "description": "theirs"},
                    True,
                ],
                "description": "ours",
            },
            {"properties": {"a": {}, "b": {}}, "required": ["a", "b"], "description": "ours"},
        ),
        ({"allOf": "odd", "properties": "odd"}, {"allOf": "odd", "properties": "odd"}),
    ],
)  # fmt: skip
def test_rewrites(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert adapted(schema) == expected


def test_all_of_follows_references() -> None:
    schema = {
        "allOf": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/$defs/missing"}, {"$ref": "elsewhere"}],
        "$defs": {"a/b": {"properties": {"x": {"type": "string"}}}},
    }
    assert adapted(schema)["properties"] == {"x": {"type": "string"}}


def test_references_in_a_circle_end() -> None:
    circle = {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "allOf": [{"$ref": "#/$defs/a"}, {}],
    }
    assert adapted(circle) == {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"allOf": [{"$ref": "#"}, {}]},
        {
            "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 3} for n in range(12)},
            "allOf": [{"$ref": "#/$defs/d0"}, {}],
        },
    ],
)
def test_schemas_that_multiply_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="allOf"):
        adapted(schema)


def test_schemas_that_are_too_deep_are_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(70):
        schema = {"items": schema}
    with pytest.raises(MalformedRequest, match="levels") as refused:
        adapted(schema)
    assert refused.value.param == "tools[0].function.parameters"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (None, None),
        ({}, None),
        ({"type": "object", "properties": {}}, None),
        ({"type": "object", "properties": {}, "additionalProperties": False, "required": []}, None),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        (
            {"type": "object", "properties": {}, "additionalProperties": True},
            {"type": "object", "properties": {}, "additionalProperties": True},
        ),
        ({"$ref": "#/$defs/a", "$defs": {"a": {}}}, {"$ref": "#/$defs/a", "$defs": {"a": {}}}),
    ],
)
def test_parameters(parameters: Any, expected: Any) -> None:
    assert adapt_parameters(parameters, "tools[0].function.parameters", Losses()) == expected


@pytest.mark.parametrize(
    ("schema", "is_relaxed"),
    [
        ({"const": "a"}, False),
        ({"const": None}, False),
        ({"const": True}, True),
        ({"properties": {"a": True}, "not": False}, False),
        ({"properties": {"a": False}}, True),
        ({"items": False}, True),
        ({"anyOf": [False, {}]}, False),
        ({"prefixItems": [False]}, True),
        ({"$ref": "#/$defs/a", "description": "d"}, False),
        ({"$ref": "#/$defs/a", "anyOf": [{}]}, True),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, False),
        ({"allOf": [{"minimum": 1}, {"minimum": 2}]}, True),
        ({"allOf": [{"description": "a"}, {"description": "b"}]}, False),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"a": {"type": "null"}}}]}, True),
        ({"allOf": [{"$ref": "#/nowhere"}, {}]}, True),
        ({"allOf": [False, {}]}, True),
    ],
)
def test_what_allows_more_than_it_did_is_a_loss(schema: dict[str, Any], *, is_relaxed: bool) -> None:
    losses = Losses()
    adapt_schema(schema, "tools[0].function.parameters", losses)
    expected = [("schema_relaxed", "/tools/0/function/parameters")] if is_relaxed else []
    assert [(loss.code, loss.where) for loss in losses.noted()] == expected
