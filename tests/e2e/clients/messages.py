"""Anthropic's client asking for messages."""

from collections.abc import Sequence
from typing import Any

import anthropic

from tests.e2e.clients.asking import (
    ABOUT_TOOL,
    MAX_TOKENS,
    SYSTEM,
    THINKING_TOKENS,
    TOOL,
    VERDICT_SCHEMA,
    WEATHER,
    Call,
    Told,
    Wish,
    finished,
    settled,
)


class MessagesClient:
    name = "messages"
    endings = ("end_turn", "tool_use")

    def __init__(self, api: anthropic.Anthropic | anthropic.AsyncAnthropic) -> None:
        self.api = api

    def said(self, text: str, *, png: str | None = None) -> list[Any]:
        if png is None:
            return [{"role": "user", "content": text}]
        source = {"type": "base64", "media_type": "image/png", "data": png}
        return [{"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": text}]}]

    def results(self, calls: Sequence[Call], results: Sequence[str]) -> list[Any]:
        blocks = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in zip(calls, results, strict=True)
        ]
        return [{"role": "user", "content": blocks}]

    async def ask(self, model: str, history: Sequence[Any], wish: Wish) -> Told:
        members: dict[str, Any] = {"model": model, "max_tokens": MAX_TOKENS}
        members |= {"system": SYSTEM, "messages": list(history)}
        if wish.tools:
            members["tools"] = [{"name": TOOL, "description": ABOUT_TOOL, "input_schema": WEATHER, "strict": True}]
        if wish.verdict:
            members["output_config"] = {"format": {"type": "json_schema", "schema": VERDICT_SCHEMA}}
        if wish.thoughts:
            members["thinking"] = {"type": "enabled", "budget_tokens": THINKING_TOKENS}
        if not wish.stream:
            return _told(await settled(self.api.messages.create(**members)))
        stream = self.api.messages.stream(**members)
        return _told(await finished(stream, lambda running: running.get_final_message()))


def _told(message: Any) -> Told:
    usage = message.usage
    cached = usage.cache_read_input_tokens or 0
    prompt = usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0)
    return Told(
        text="".join(block.text for block in message.content if block.type == "text"),
        thought="".join(block.thinking for block in message.content if block.type == "thinking"),
        calls=tuple(
            Call(id=block.id, name=block.name, arguments=block.input)
            for block in message.content
            if block.type == "tool_use"
        ),
        ending=message.stop_reason,
        usage=(prompt, cached, usage.output_tokens),
        model=message.model,
        turn=[{"role": "assistant", "content": message.content}],
    )
