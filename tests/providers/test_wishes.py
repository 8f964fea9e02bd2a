"""The operator's wishes in bodies of other dialects than the one that they are written in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.envelope import Envelope
from adapters.providers.wishes import Wishes
from tests.strategies.canonical import json_values

_R, _A, _G = "openai_responses", "anthropic_messages", "gemini"
_VALUES: dict[str, Any] = {
    "max_tokens": 7,
    "temperature": 0.5,
    "top_p": 0.25,
    "top_k": 3,
    "stop": "x",
    "seed": 1,
    "n": 2,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.75,
    "user": "me",
    "store": True,
    "verbosity": "low",
    "reasoning_effort": "low",
    "metadata": {"a": "b"},
    "logit_bias": {"1": 2},
}


def _applied(wishes: Wishes, body: dict[str, Any]) -> dict[str, Any]:
    envelope = wishes.applied(Envelope.decode(json.dumps(body).encode()))
    return envelope.document()


@pytest.mark.parametrize(
    ("dialect", "name", "expected"),
    [
        (_R, "max_tokens", {"max_output_tokens": 7}),
        (_R, "reasoning_effort", {"reasoning": {"effort": "low"}}),
        (_R, "verbosity", {"text": {"verbosity": "low"}}),
        (_R, "metadata", {"metadata": {"a": "b"}}),
        (_R, "stop", {}),
        (_R, "top_k", {}),
        (_A, "max_tokens", {"max_tokens": 7}),
        (_A, "stop", {"stop_sequences": ["x"]}),
        (_A, "user", {"metadata": {"user_id": "me"}}),
        (_A, "top_k", {"top_k": 3}),
        (_A, "n", {}),
        (_A, "metadata", {}),
        (_G, "max_tokens", {"generationConfig": {"maxOutputTokens": 7}}),
        (_G, "stop", {"generationConfig": {"stopSequences": ["x"]}}),
        (_G, "n", {"generationConfig": {"candidateCount": 2}}),
        (_G, "seed", {"generationConfig": {"seed": 1}}),
        (_G, "store", {"store": True}),
        (_G, "logit_bias", {}),
    ],
)
def test_plain_names_have_their_place_in_every_dialect(dialect: str, name: str, expected: dict[str, Any]) -> None:
    wishes = Wishes.of(dialect, {name: _VALUES[name]}, ())
    assert not wishes.by_meaning
    assert _applied(wishes, {}) == expected


@pytest.mark.parametrize("dialect", [_R, _A, _G])
@pytest.mark.parametrize("name", ["response_format", "tools", "tool_choice", "functions", "web_search_options"])
def test_what_is_put_otherwise_needs_translation(dialect: str, name: str) -> None:
    assert Wishes.of(dialect, {name: {}}, ()).by_meaning
    assert Wishes.of(dialect, {}, (name,)).by_meaning


@pytest.mark.parametrize(("dialect", "name"), [(_A, "reasoning_effort"), (_G, "thinking"), (_R, "thinking")])
def test_reasoning_needs_translation_where_it_is_put_otherwise(dialect: str, name: str) -> None:
    assert Wishes.of(dialect, {name: {}}, ()).by_meaning


def test_a_dialect_without_a_table_is_translated_for_every_known_name() -> None:
    assert Wishes.of("a fifth", {"temperature": 1}, ()).by_meaning
    assert not Wishes.of("a fifth", {"its_own": 1}, ()).by_meaning


@pytest.mark.parametrize("dialect", [_R, _A, _G])
@given(name=st.from_regex(r"x_[a-z]{1,6}", fullmatch=True), value=json_values(), there=json_values())
def test_the_vendor_s_own_names_are_set_and_left_out_as_they_are(
    dialect: str, name: str, value: Any, there: Any
) -> None:
    assert _applied(Wishes.of(dialect, {name: value}, ()), {}) == {name: value}
    assert _applied(Wishes.of(dialect, {name: value}, ()), {name: there}) == {name: there}
    assert _applied(Wishes.of(dialect, {}, (name,)), {name: there, "model": "m"}) == {"model": "m"}


@pytest.mark.parametrize(
    ("dialect", "name", "body"),
    [
        (_R, "max_tokens", {"max_output_tokens": 1}),
        (_R, "max_tokens", {"max_output_tokens": None}),
        (_R, "reasoning_effort", {"reasoning": {"summary": "auto", "effort": None}}),
        (_R, "reasoning_effort", {"reasoning": "nonsense"}),
        (_A, "stop", {"stop_sequences": []}),
        (_G, "max_tokens", {"generationConfig": {"maxOutputTokens": 1}}),
        (_G, "max_tokens", {"generation_config": {"max_output_tokens": 1}}),
        (_G, "max_tokens", {"generationConfig": {"max_output_tokens": 1}}),
    ],
)
def test_a_default_yields_to_what_is_there(dialect: str, name: str, body: dict[str, Any]) -> None:
    assert _applied(Wishes.of(dialect, {name: _VALUES[name]}, ()), body) == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"generation_config": {"topP": 1}}, {"generation_config": {"topP": 1, "maxOutputTokens": 7}}),
        ({"generationConfig": None}, {"generationConfig": {"maxOutputTokens": 7}}),
        ({"generationConfig": {}}, {"generationConfig": {"maxOutputTokens": 7}}),
    ],
)
def test_a_default_joins_the_object_that_is_there(body: dict[str, Any], expected: dict[str, Any]) -> None:
    assert _applied(Wishes.of(_G, {"max_completion_tokens": 7}, ()), body) == expected


@pytest.mark.parametrize(
    ("dialect", "name", "body", "expected"),
    [
        (_A, "stop", {"stop_sequences": ["a"], "x": 1}, {"x": 1}),
        (_R, "max_tokens", {"max_output_tokens": 1}, {}),
        (
            _G,
            "temperature",
            {"generationConfig": {"temperature": 1, "topK": 2}},
            {"generationConfig": {"topK": 2}},
        ),
        (_G, "top_k", {"generation_config": {"top_k": 2}}, {"generation_config": {}}),
        (_G, "top_k", {"generation_config": "nonsense"}, {"generation_config": "nonsense"}),
        (_G, "top_k", {}, {}),
    ],
)
def test_what_is_dropped_is_gone_from_its_place(
    dialect: str, name: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert _applied(Wishes.of(dialect, {}, (name,)), body) == expected


@pytest.mark.parametrize("dialect", [_R, _A, _G])
@given(body=st.dictionaries(st.from_regex(r"y_[a-z]{1,5}", fullmatch=True), json_values(), max_size=3))
def test_other_members_keep_their_bytes(dialect: str, body: dict[str, Any]) -> None:
    envelope = Envelope.decode(json.dumps(body).encode())
    wishes = Wishes.of(dialect, {"temperature": 1, "max_tokens": 2}, ("top_p", "stop"))
    sent = wishes.applied(envelope).encode()
    for name, value in body.items():
        assert f'"{name}":'.encode() + json.dumps(value).encode() in sent


def test_without_wishes_nothing_happens() -> None:
    envelope = Envelope.decode(b'{"a": 1}')
    assert Wishes.of(_G, {}, ()).applied(envelope) is envelope
