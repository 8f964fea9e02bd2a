"""Google's client generating content."""

import base64
import warnings
from collections.abc import Sequence
from typing import Any

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
    listed,
    settled,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package's own, when it is imported
    from google.genai import errors, types


__all__ = ["GeminiClient", "errors"]


class GeminiClient:
    name = "gemini"
    endings = ("STOP", "STOP")

    def __init__(self, api: Any) -> None:
        """`api`: a `genai.Client`, or its `aio`."""
        self.api = api

    def said(self, text: str, *, png: str | None = None) -> list[Any]:
        image = () if png is None else (types.Part.from_bytes(data=base64.b64decode(png), mime_type="image/png"),)
        return [types.Content(role="user", parts=[*image, types.Part.from_text(text=text)])]

    def results(self, calls: Sequence[Call], results: Sequence[str]) -> list[Any]:
        parts = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id or None, name=call.name, response={"output": result}
                )
            )
            for call, result in zip(calls, results, strict=True)
        ]
        return [types.Content(role="user", parts=parts)]

    async def ask(self, model: str, history: Sequence[Any], wish: Wish) -> Told:
        members: dict[str, Any] = {"model": model, "contents": list(history), "config": _config(wish)}
        models = self.api.models
        if not wish.stream:
            return _told([await settled(models.generate_content(**members))])
        return _told(await listed(models.generate_content_stream(**members)))


def _config(wish: Wish) -> types.GenerateContentConfig:
    members: dict[str, Any] = {"system_instruction": SYSTEM, "max_output_tokens": MAX_TOKENS}
    if wish.tools:
        function = types.FunctionDeclaration(name=TOOL, description=ABOUT_TOOL, parameters_json_schema=WEATHER)
        members["tools"] = [types.Tool(function_declarations=[function])]
    if wish.verdict:
        members |= {"response_mime_type": "application/json", "response_json_schema": VERDICT_SCHEMA}
    if wish.thoughts:
        members["thinking_config"] = types.ThinkingConfig(include_thoughts=True, thinking_budget=THINKING_TOKENS)
    return types.GenerateContentConfig(**members)


def _told(chunks: list[Any]) -> Told:
    """What one answer or the chunks of a stream say; the history keeps their contents one by one, as `chats` does."""
    contents = [
        chunk.candidates[0].content for chunk in chunks if chunk.candidates and chunk.candidates[0].content
    ]
    parts = [part for content in contents for part in content.parts or ()]
    usage, last = chunks[-1].usage_metadata, chunks[-1].candidates[0]
    completion = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    return Told(
        text="".join(part.text or "" for part in parts if not part.thought),
        thought="".join(part.text or "" for part in parts if part.thought),
        calls=tuple(
            Call(id=call.id or "", name=call.name, arguments=call.args)
            for call in (part.function_call for part in parts)
            if call is not None
        ),
        ending=last.finish_reason.value,
        usage=(usage.prompt_token_count, usage.cached_content_token_count or 0, completion),
        model=chunks[-1].model_version,
        turn=[content for content in contents if content.parts],
    )
