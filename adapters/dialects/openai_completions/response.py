"""Buffered answers: canonical → wire, and an upstream's → canonical, both by way of Chat Completions."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.identity import minted
from adapters.dialects.openai_completions.logprobs import LogprobsWriter
from adapters.dialects.openai_completions.vocabulary import ECHOED, Chat
from domain.chat.content import Refusal, Text
from domain.chat.response import Candidate, ChatResponse
from domain.json_types import JSON

OBJECT: Final = "text_completion"
_ID_PREFIX: Final = "cmpl-"
_ENDINGS: Final = frozenset({"stop", "length", "content_filter"})


def answer_id(upstream_id: str) -> str:
    """The upstream's own id where it has this format's form, else one made from it, always the same."""
    return minted(_ID_PREFIX, upstream_id)


def ending(word: str) -> str:
    """A finish reason of Chat Completions in this format, which knows no tools."""
    return word if word in _ENDINGS else "stop"


def echoed(reply: Reply) -> str:
    """What every candidate repeats before its own words."""
    prompt = reply.echo.get(ECHOED)
    return prompt if isinstance(prompt, str) else ""


def render_response(response: ChatResponse, reply: Reply, chat: Chat) -> dict[str, JSON]:
    """A buffered answer, under the name the client asked for."""
    rendered = chat.render_response(response, reply)
    words = {choice["index"]: choice["finish_reason"] for choice in rendered["choices"]}
    choices = [
        _choice(candidate, words.get(candidate.index, ""), echoed(reply)) for candidate in response.candidates
    ]
    kept = {name: value for name, value in rendered.items() if name in _SHARED}
    return {**kept, "id": answer_id(response.id), "object": OBJECT, "choices": choices}


def as_chat(document: JSON, *, streamed: bool) -> JSON:
    """An upstream's chunk or body as Chat Completions writes it; what is none of these is left as it is."""
    choices = document.get("choices") if isinstance(document, dict) else None
    if not isinstance(choices, list):
        return document
    said = "delta" if streamed else "message"
    return {**document, "choices": [_chat_choice(choice, said) for choice in choices]}


_SHARED: Final = frozenset({"created", "model", "usage", "system_fingerprint"})


def _choice(candidate: Candidate, word: str, before: str) -> JSON:
    text = "".join(part.text for part in candidate.parts if isinstance(part, (Text, Refusal)))
    return {
        "text": before + text,
        "index": candidate.index,
        "logprobs": LogprobsWriter(len(before)).write(candidate.logprobs),
        "finish_reason": ending(word),
    }


def _chat_choice(choice: JSON, said: str) -> JSON:
    if not isinstance(choice, dict):
        return choice
    logprobs = choice.get("logprobs")
    message = {"role": "assistant", "content": choice.get("text")}
    return {**choice, said: message, "logprobs": _chat_logprobs(logprobs) if isinstance(logprobs, dict) else None}


def _chat_logprobs(logprobs: Mapping[str, JSON]) -> JSON:
    tokens, chances, tops = (logprobs.get(name) or [] for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not all(isinstance(listed, list) for listed in (tokens, chances, tops)):
        return None
    tops = [*tops, *[None] * (len(tokens) - len(tops))]
    entries = zip(tokens, chances, tops, strict=False)
    return {"content": [_entry(token, chance, top) for token, chance, top in entries]}


def _entry(token: JSON, chance: JSON, top: JSON) -> JSON:
    alternatives = top.items() if isinstance(top, dict) else ()
    listed = [{"token": name, "logprob": value, "bytes": list(name.encode())} for name, value in alternatives]
    return {"token": token, "logprob": chance, "bytes": list(str(token).encode()), "top_logprobs": listed}
