"""Buffered answers: canonical → wire."""

from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.openai_chat import answer_shape
from adapters.dialects.openai_chat.reasoning import render_reasoning
from adapters.dialects.openai_chat.request import render_service_tier
from adapters.dialects.openai_chat.usage import render_usage
from domain.chat.content import Audio, Image, Reasoning, Refusal, Text, ToolCall
from domain.chat.response import Candidate, ChatResponse
from domain.json_types import JSON

_GOOGLE: Final = "google"


def render_response(response: ChatResponse, reply: Reply) -> dict[str, JSON]:
    """A buffered answer, under the name the client asked for."""
    answer = answer_shape.answer_id(response.id)
    rendered: dict[str, JSON] = {
        "id": answer,
        "object": "chat.completion",
        "created": response.created_unix_s or reply.created_unix_s,
        "model": reply.model,
        "choices": [_choice(candidate, reply, answer) for candidate in response.candidates],
    }
    if response.usage is not None:
        rendered["usage"] = render_usage(response.usage)
    if response.service_tier is not None:
        rendered["service_tier"] = render_service_tier(response.service_tier)
    if response.system_fingerprint is not None:
        rendered["system_fingerprint"] = response.system_fingerprint
    return rendered


def _choice(candidate: Candidate, reply: Reply, answer: str) -> JSON:
    message = _message(candidate, answer)
    legacy_call = reply.legacy_functions and "tool_calls" in message
    if legacy_call:
        first, *others = message.pop("tool_calls")
        message["function_call"] = first.get("function") or first.get("custom")
        message.update({"tool_calls": others} if others else {})
    return {
        "index": candidate.index,
        "message": message,
        "logprobs": {"content": candidate.logprobs, "refusal": None} if candidate.logprobs else None,
        "finish_reason": answer_shape.finish_word(candidate.finish, legacy_call=legacy_call),
    }


def _message(candidate: Candidate, answer: str) -> dict[str, JSON]:
    parts = candidate.parts
    plain = parts[0] if len(parts) == 1 else None
    if isinstance(plain, Text) and not plain.citations and plain.signature is None:
        ending = answer_shape.about_ending(candidate.finish, explained=False)
        return {"role": "assistant", "content": plain.text, "refusal": None, **ending}
    texts = [part for part in parts if isinstance(part, Text)]
    calls = [_call(part) for part in parts if isinstance(part, ToolCall)]
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    content = "".join(text.text for text in texts)
    declined = None if parts else answer_shape.refusal_of(candidate.finish)
    refusal = "".join(refusals) if refusals else declined
    silent = bool(calls) or refusal is not None
    message: dict[str, JSON] = {
        "role": "assistant",
        "content": content or (None if silent else ""),
        "refusal": refusal,
        **render_reasoning(part for part in parts if isinstance(part, Reasoning)),
        **_extras(candidate, texts, answer),
        **answer_shape.about_ending(candidate.finish, explained=declined is not None),
    }
    return {**message, "tool_calls": calls} if calls else message


def _extras(candidate: Candidate, texts: list[Text], answer: str) -> dict[str, JSON]:
    cited: list[JSON] = []
    said = 0
    for text in texts:
        cited.extend(answer_shape.annotations(text.citations, said, len(text.text)))
        said += len(text.text)
    pictures = [answer_shape.picture(part.source) for part in candidate.parts if isinstance(part, Image)]
    sounds = [
        answer_shape.sound(part.source, part.transcript, answer)
        for part in candidate.parts
        if isinstance(part, Audio)
    ]
    signed = [text.signature for text in texts if text.signature is not None and text.signature.family == _GOOGLE]
    extras: dict[str, JSON] = {
        "annotations": cited or None,
        "images": [shown for shown in pictures if shown is not None] or None,
        "audio": next((heard for heard in sounds if heard is not None), None),
        "extra_content": answer_shape.google_signature(signed[-1].value) if signed else None,
    }
    return {name: value for name, value in extras.items() if value is not None}


def _call(call: ToolCall) -> dict[str, JSON]:
    rendered: dict[str, JSON] = {"id": call.id, "type": call.kind}
    if call.kind == "custom":
        rendered["custom"] = {"name": call.name, "input": call.raw}
    else:
        rendered["function"] = {"name": call.name, "arguments": call.raw if call.raw.strip() else "{}"}
    if call.signature is not None and call.signature.family == _GOOGLE:
        rendered["extra_content"] = answer_shape.google_signature(call.signature.value)
    return rendered
