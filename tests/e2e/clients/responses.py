"""OpenAI's client asking for responses."""

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
    settled,
)

_FUNCTION = {"type": "function", "name": TOOL, "description": ABOUT_TOOL, "parameters": WEATHER, "strict": True}


class ResponsesClient:
    name = "responses"
    endings = ("completed", "completed")

    def __init__(self, api: openai.OpenAI | openai.AsyncOpenAI) -> None:
        self.api = api

    def said(self, text: str, *, png: str | None = None) -> list[Any]:
        if png is None:
            return [{"role": "user", "content": text}]
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{png}", "detail": "auto"}
        return [{"role": "user", "content": [image, {"type": "input_text", "text": text}]}]

    def results(self, calls: Sequence[Call], results: Sequence[str]) -> list[Any]:
        return [
            {"type": "function_call_output", "call_id": call.id, "output": result}
            for call, result in zip(calls, results, strict=True)
        ]

    async def ask(self, model: str, history: Sequence[Any], wish: Wish) -> Told:
        members: dict[str, Any] = {"model": model, "max_output_tokens": MAX_TOKENS, "store": False}
        members |= {"instructions": SYSTEM, "input": list(history)}
        if wish.tools:
            members["tools"] = [_FUNCTION]
        if wish.verdict:
            named = {"type": "json_schema", "name": "verdict", "strict": True, "schema": VERDICT_SCHEMA}
            members["text"] = {"format": named}
        if wish.thoughts:
            members |= {"reasoning": {"effort": "medium", "summary": "auto"}}
            members["include"] = ["reasoning.encrypted_content"]
        if not wish.stream:
            return _told(await settled(self.api.responses.create(**members)))
        return _told(await self._streamed(members))

    async def _streamed(self, members: dict[str, Any]) -> Any:
        """The response at the end of the stream, which the events before it have told in pieces."""
        told: list[str] = []
        manager: Any = self.api.responses.stream(**members)
        if isinstance(self.api, openai.AsyncOpenAI):
            async with manager as stream:
                async for event in stream:
                    _note(event, told)
                response = await stream.get_final_response()
        else:
            with manager as stream:
                for event in stream:
                    _note(event, told)
                response = stream.get_final_response()
        assert "".join(told) == response.output_text
        return response


def _note(event: Any, told: list[str]) -> None:
    if event.type == "response.output_text.delta":
        told.append(event.delta)


def _told(response: Any) -> Told:
    usage = response.usage
    thoughts = [item for item in response.output if item.type == "reasoning"]
    summaries = [part.text for item in thoughts for part in (*item.summary, *(item.content or ()))]
    return Told(
        text=response.output_text,
        thought="".join(summaries),
        calls=tuple(
            Call(id=item.call_id, name=item.name, arguments=json.loads(item.arguments))
            for item in response.output
            if item.type == "function_call"
        ),
        ending=response.status,
        usage=(usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens),
        model=response.model,
        turn=response.output,
    )
