"""OpenAI's client asking for chat completions."""

import json
from collections.abc import Sequence
from typing import Any

import openai

from tests.e2e.clients.asking import (
    ABOUT_TOOL,
    MAX_TOKENS,
    SYSTEM,
    TOOL,
    VERDICT_SCHEMA,
    WEATHER,
    Call,
    Told,
    Wish,
    finished,
    settled,
)

_FUNCTION = {"name": TOOL, "description": ABOUT_TOOL, "parameters": WEATHER, "strict": True}
_ADDED = {"parsed": True, "tool_calls": {"__all__": {"index": True, "function": {"parsed_arguments"}}}}
"""What the client adds to the messages of streams for its user."""


class ChatClient:
    name = "chat"
    endings = ("stop", "tool_calls")

    def __init__(self, api: openai.OpenAI | openai.AsyncOpenAI) -> None:
        self.api = api

    def said(self, text: str, *, png: str | None = None) -> list[Any]:
        if png is None:
            return [{"role": "user", "content": text}]
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
        return [{"role": "user", "content": [image, {"type": "text", "text": text}]}]

    def results(self, calls: Sequence[Call], results: Sequence[str]) -> list[Any]:
        return [
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(calls, results, strict=True)
        ]

    async def ask(self, model: str, history: Sequence[Any], wish: Wish) -> Told:
        members: dict[str, Any] = {"model": model, "max_completion_tokens": MAX_TOKENS}
        members["messages"] = [{"role": "system", "content": SYSTEM}, *history]
        if wish.tools:
            members["tools"] = [{"type": "function", "function": _FUNCTION}]
        if wish.verdict:
            named = {"name": "verdict", "strict": True, "schema": VERDICT_SCHEMA}
            members["response_format"] = {"type": "json_schema", "json_schema": named}
        if wish.thoughts:
            members["reasoning_effort"] = "medium"
        chat = self.api.chat.completions
        if not wish.stream:
            return _told(await settled(chat.create(**members)))
        stream = chat.stream(**members, stream_options={"include_usage": True})
        return _told(await finished(stream, lambda running: running.get_final_completion()))


def _told(completion: Any) -> Told:
    choice, usage = completion.choices[0], completion.usage
    message = choice.message
    details = usage.prompt_tokens_details
    calls = message.tool_calls or ()
    return Told(
        text=message.content or "",
        thought=getattr(message, "reasoning_content", None) or "",
        calls=tuple(
            Call(id=call.id, name=call.function.name, arguments=json.loads(call.function.arguments))
            for call in calls
        ),
        ending=choice.finish_reason,
        usage=(usage.prompt_tokens, details.cached_tokens if details else 0, usage.completion_tokens),
        model=completion.model,
        turn=[message.model_dump(exclude_none=True, exclude=_ADDED)],
    )
