"""The operator's wishes, applied to what a request means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect
from adapters.dialects.envelope import Envelope
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.json_codec import encode
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.providers.canonical_wishes import CanonicalWishes
from adapters.providers.wishes import Wishes
from domain.chat.content import Text
from domain.chat.request import ChatRequest, Effort, Message, ReasoningSettings, Role, Sampling, Tool, ToolMode
from domain.errors import MalformedRequest

_HI = {"role": "user", "content": "hi"}
_SILENT = ChatRequest(model="m", messages=(Message(role=Role.USER, parts=(Text(text="hi"),)),))
_DEFAULTS: dict[str, Any] = {
    "max_tokens": 70,
    "temperature": 0.5,
    "top_p": 0.25,
    "top_k": 3,
    "stop": "x",
    "seed": 1,
    "n": 2,
    "user": "me",
    "metadata": {"a": "b"},
    "reasoning_effort": "low",
    "verbosity": "low",
    "store": False,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "tool_choice": "required",
    "response_format": {"type": "json_object"},
    "x_own": {"y": 1},
}
_BODIES: tuple[tuple[ClientDialect, dict[str, Any], dict[str, Any]], ...] = (
    (
        OpenAIResponses(),
        {"model": "m", "input": [_HI]},
        {"max_output_tokens": 99, "temperature": 1.0, "top_p": 1.0, "user": "you", "store": True},
    ),
    (
        AnthropicMessages(),
        {"model": "m", "messages": [_HI]},
        {"max_tokens": 99, "temperature": 1.0, "top_p": 1.0, "top_k": 9, "stop_sequences": ["y"]},
    ),
    (
        Gemini(),
        {"model": "m", "stream": False, "contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        {"generationConfig": {"maxOutputTokens": 99, "temperature": 1.0, "seed": 2, "candidateCount": 3}},
    ),
)
_PLAIN = ("max_tokens", "temperature", "top_p")


@pytest.mark.parametrize(("client", "body", "more"), _BODIES, ids=lambda value: getattr(value, "name", ""))
@given(data=st.data())
def test_plain_wishes_mean_the_same_in_the_body_and_in_the_meaning(
    client: ClientDialect, body: dict[str, Any], more: dict[str, Any], data: st.DataObject
) -> None:
    names = data.draw(st.sets(st.sampled_from(_PLAIN)))
    dropped = data.draw(st.frozensets(st.sampled_from(_PLAIN)))
    said = {name: value for name, value in more.items() if data.draw(st.booleans())}
    defaults = {name: _DEFAULTS[name] for name in names}
    envelope = Envelope.decode(encode({**body, **said}))
    in_body = client.parse_request(Wishes.of(client.name, defaults, dropped).applied(envelope).document())
    in_meaning = CanonicalWishes(defaults, dropped).applied(client.parse_request(envelope.document()))
    assert in_body == in_meaning


@given(names=st.sets(st.sampled_from(sorted(_DEFAULTS))))
def test_defaults_fill_what_a_silent_request_leaves_out(names: set[str]) -> None:
    defaults = {name: _DEFAULTS[name] for name in names}
    filled = CanonicalWishes(defaults, frozenset()).applied(_SILENT)
    chat = OpenAIChat().parse_request({"model": "m", "messages": [_HI], **defaults})
    for name in ChatRequest.__dataclass_fields__:
        if name not in ("source", "ext"):
            assert getattr(filled, name) == getattr(chat, name)
    assert filled.ext.get("openai", {}) == chat.ext.get("openai", {})


def test_defaults_yield_to_what_is_said() -> None:
    said = ChatRequest(
        model="m",
        messages=_SILENT.messages,
        sampling=Sampling(temperature=1.0, stop=("y",)),
        max_output_tokens=9,
        reasoning=ReasoningSettings(effort=Effort.HIGH),
        tools=(Tool(name="g"),),
        ext={"openai": {"x_own": 2}, "google": {"labels": {}}},
    )
    filled = CanonicalWishes(_DEFAULTS, frozenset()).applied(said)
    assert (filled.sampling.temperature, filled.sampling.stop, filled.max_output_tokens) == (1.0, ("y",), 9)
    assert filled.sampling.seed == 1
    assert filled.reasoning == said.reasoning
    assert filled.tools == said.tools
    assert filled.tool_choice is not None
    assert filled.tool_choice.mode is ToolMode.REQUIRED
    assert filled.ext == said.ext


def test_what_is_dropped_is_gone_and_a_default_may_take_its_place() -> None:
    said = ChatRequest(
        model="m",
        messages=_SILENT.messages,
        sampling=Sampling(temperature=1.0, seed=2),
        max_output_tokens=9,
        ext={"google": {"labels": {"a": "b"}, "store": True}},
    )
    wishes = CanonicalWishes({"seed": 7}, frozenset({"temperature", "seed", "max_tokens", "labels"}))
    applied = wishes.applied(said)
    assert (applied.sampling.temperature, applied.sampling.seed) == (None, 7)
    assert applied.max_output_tokens is None
    assert applied.ext["google"] == {"store": True}


def test_without_wishes_nothing_happens() -> None:
    assert CanonicalWishes({}, frozenset()).applied(_SILENT) is _SILENT


def test_a_default_of_a_wrong_type_is_named_when_it_is_needed() -> None:
    wishes = CanonicalWishes({"temperature": "hot"}, frozenset())
    with pytest.raises(MalformedRequest) as refused:
        wishes.applied(_SILENT)
    assert refused.value.param == "temperature"
