"""Requests of clients of every dialect on their way to upstreams of every other one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest
from domain.chat.content import Part, ToolCall, ToolResult
from domain.chat.request import ChatRequest
from tests.dialects.anthropic_messages.targets import assert_in_vendor_types
from tests.dialects.gemini.gemini_sdk import check as check_for_gemini
from tests.dialects.openai_chat.sdk import check_request as check_for_chat
from tests.dialects.openai_responses.request_judge import check_request as check_for_responses
from tests.strategies import anthropic_wire, chat_wire, gemini_wire, responses_wire
from tests.strategies.dialects import (
    ANTHROPIC_MESSAGES,
    DIALECTS,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    target,
)
from tests.translation.auditing import Route, accepted

BODIES: Final[Mapping[str, st.SearchStrategy[dict[str, Any]]]] = MappingProxyType(
    {
        OPENAI_CHAT: chat_wire.requests(),
        OPENAI_RESPONSES: responses_wire.requests(),
        ANTHROPIC_MESSAGES: anthropic_wire.request_bodies(),
        GEMINI: gemini_wire.generate_requests().map(lambda body: {"model": "asked", **body}),
    }
)
"""What clients of each dialect write; of Gemini's the model stands in the path."""

MODELS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        OPENAI_CHAT: ("gpt-4.1", "gpt-5.1", "o3"),
        OPENAI_RESPONSES: ("gpt-4.1", "gpt-5.1", "gpt-5.6"),
        ANTHROPIC_MESSAGES: ("claude-3-5-haiku-latest", "claude-sonnet-4-5", "claude-opus-4-8", "claude-fable-5"),
        GEMINI: ("gemini-2.0-flash", "gemini-2.5-flash", "gemini-3-flash-preview", "gemini-3.6-flash"),
    }
)
"""Models of every kind: plain ones, ones that think by a budget, by a level, as they like, or always."""

JUDGES: Final[Mapping[str, Callable[[dict[str, Any]], None]]] = MappingProxyType(
    {
        OPENAI_CHAT: check_for_chat,
        OPENAI_RESPONSES: check_for_responses,
        ANTHROPIC_MESSAGES: assert_in_vendor_types,
        GEMINI: check_for_gemini,
    }
)
"""The vendors' own types: each raises where it does not know a body, unknown members included."""

PAIRS: Final = tuple((client, upstream) for client, upstream in product(DIALECTS, DIALECTS))
FOREIGN_PAIRS: Final = tuple(pair for pair in PAIRS if pair[0] != pair[1])
each_pair = pytest.mark.parametrize(("client", "upstream"), PAIRS)
each_foreign_pair = pytest.mark.parametrize(("client", "upstream"), FOREIGN_PAIRS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A client's `body`, what it asks, and what an upstream is sent for it."""

    route: Route
    body: dict[str, Any]
    asked: ChatRequest
    sent: RenderedRequest

    @property
    def out(self) -> dict[str, Any]:
        return self.sent.body

    def parts(self) -> list[Part]:
        """Everything that was said before, what results hold excepted."""
        return [part for message in self.asked.messages for part in message.parts]

    def calls(self) -> list[ToolCall]:
        return [part for part in self.parts() if isinstance(part, ToolCall)]

    def results(self) -> list[ToolResult]:
        return [part for part in self.parts() if isinstance(part, ToolResult)]


def crossed(client: str, upstream: str, model: str, body: dict[str, Any]) -> Crossing | None:
    """What becomes of `body`, without what the upstream refuses; None where nothing is left to ask."""
    route = Route(client=DIALECTS[client], upstream=DIALECTS[upstream], target=target(upstream, model))
    taken = accepted(route, body)
    if taken is None:
        return None
    asked = route.read(taken)
    return Crossing(route=route, body=taken, asked=asked, sent=route.sent(asked))


@st.composite
def crossings(
    draw: st.DrawFn, upstream: str, *, client: str | None = None, models: tuple[str, ...] = ()
) -> Crossing:
    """A request of any other dialect's client, or of `client`'s, at a model of an upstream."""
    others = [name for name in DIALECTS if name != upstream] if client is None else [client]
    name = draw(st.sampled_from(others))
    model = draw(st.sampled_from(models or MODELS[upstream]))
    crossing = crossed(name, upstream, model, draw(BODIES[name]))
    assume(crossing is not None)
    assert crossing is not None
    return crossing


def holds_for(strategy: st.SearchStrategy[Any], *, examples: int = 15) -> Callable[[Callable[..., None]], Any]:
    """`given` with fewer examples, since a whole request takes long to draw, and the same ones each time."""
    return lambda test: settings(max_examples=examples, derandomize=True)(given(strategy)(test))
