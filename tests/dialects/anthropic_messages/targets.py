"""Upstream models of every kind, and the vendor's own types as the judge of what is sent to them."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from pydantic import TypeAdapter

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest, Target
from domain.chat.request import ChatRequest, Effort, Message, Role
from domain.models.profile import ModelProfile, Thinking

EFFORTS = (Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.MAX)
PLAIN = ModelProfile(max_output_tokens=8_192, json_schema=False)
BUDGET = ModelProfile(max_output_tokens=64_000, thinking=Thinking.BUDGET, min_thinking_tokens=1_024)
ADAPTIVE = ModelProfile(
    max_output_tokens=128_000,
    sampling=False,
    thinking=Thinking.ADAPTIVE,
    efforts=EFFORTS,
    mid_system=True,
    prefill=False,
)
ALWAYS = ModelProfile(
    max_output_tokens=128_000,
    sampling=False,
    thinking=Thinking.ADAPTIVE,
    efforts=EFFORTS,
    thinking_optional=False,
    forced_tools=False,
    mid_system=True,
    prefill=False,
)
UNKNOWN = ModelProfile()
PROFILES = (PLAIN, BUDGET, ADAPTIVE, ALWAYS, UNKNOWN)

OLDER_VERSION_MEMBERS = ("temperature", "top_p", "top_k")
"""Members that the API's older versions take and its newest types no longer name."""


def target(profile: ModelProfile = UNKNOWN) -> Target:
    return Target(provider="anthropic", family="anthropic", model="claude-x", profile=profile)


def render(request: ChatRequest, profile: ModelProfile = UNKNOWN) -> RenderedRequest:
    return AnthropicMessages().render_request(request, target(profile))


def asking(*messages: Message, **members: Any) -> ChatRequest:
    return ChatRequest(model="asked", messages=messages or (said(Role.USER, "hi"),), **members)


def said(role: Role, text: str, **members: Any) -> Message:
    from domain.chat.content import Text

    return Message(role=role, parts=(Text(text=text),), **members)


def codes(rendered: RenderedRequest) -> list[tuple[str, str]]:
    return [(loss.code, loss.where) for loss in rendered.losses]


def blocks(body: Mapping[str, Any], role: str | None = None) -> list[dict[str, Any]]:
    """All content blocks of the messages, of one role or all."""
    return [block for one in body["messages"] if role in (None, one["role"]) for block in one["content"]]


def assert_in_vendor_types(body: Mapping[str, Any]) -> None:
    """The vendor's types take `body`, with no member they do not know."""
    known = {name: value for name, value in body.items() if name not in OLDER_VERSION_MEMBERS}
    adapter = _streaming() if known.get("stream") else _buffered()
    _walk(adapter.validate_python(known, extra="forbid"))


def accept_in_vendor_types(body: Mapping[str, Any]) -> None:
    """The vendor's types take `body`, whatever else stands in it."""
    _walk((_streaming() if body.get("stream") else _buffered()).validate_python(body))


@cache
def _buffered() -> TypeAdapter[Any]:
    return TypeAdapter(MessageCreateParamsNonStreaming)


@cache
def _streaming() -> TypeAdapter[Any]:
    return TypeAdapter(MessageCreateParamsStreaming)


def _walk(value: Any) -> None:
    """Read every lazily validated iterable to its end."""
    if isinstance(value, dict):
        for inner in value.values():
            _walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for inner in value:
            _walk(inner)
