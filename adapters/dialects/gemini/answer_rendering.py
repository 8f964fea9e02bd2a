"""A buffered answer for a client (ai.google.dev/api/generate-content#GenerateContentResponse, 2026-11)."""

import time
from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.gemini.answer_parts import render_part
from adapters.dialects.gemini.finish import render_finish, render_prompt_block
from adapters.dialects.gemini.grounding import Cited, render_grounding
from adapters.dialects.gemini.logprobs import render_logprobs
from adapters.dialects.gemini.usage import render_usage
from domain.chat.content import Citation, Part, Refusal, Text
from domain.chat.response import Candidate, ChatResponse, Finish
from domain.json_types import JSON

_YEAR_10000_UNIX_S: Final = 253_402_300_800
_RFC_3339: Final = "%Y-%m-%dT%H:%M:%SZ"

SILENCE: Final = {"text": ""}
"""The part of a candidate that says nothing; clients look for one without asking."""


def render_response(response: ChatResponse, reply: Reply) -> dict[str, JSON]:
    """The answer, under the name the client asked for."""
    candidates: list[JSON] = []
    blocked: list[JSON] = []
    for candidate in response.candidates:
        block = None if candidate.parts else render_prompt_block(candidate.finish)
        if block is None:
            candidates.append(_candidate(candidate))
        else:
            blocked.append(block)
    rendered: dict[str, JSON] = {"candidates": candidates} if candidates else {}
    if blocked:
        rendered["promptFeedback"] = blocked[0]
    if response.usage is not None:
        rendered["usageMetadata"] = render_usage(response.usage)
    return rendered | about_answer(response.id, response.created_unix_s, reply)


def about_answer(upstream_id: str, created_unix_s: int | None, reply: Reply) -> dict[str, JSON]:
    """The members that tell which answer it is."""
    about: dict[str, JSON] = {"modelVersion": reply.model}
    if created_unix_s is not None and 0 <= created_unix_s < _YEAR_10000_UNIX_S:
        about["createTime"] = time.strftime(_RFC_3339, time.gmtime(created_unix_s))
    if upstream_id:
        about["responseId"] = upstream_id
    return about


def about_ending(finish: Finish, *, refused: bool) -> dict[str, JSON]:
    """The members of a candidate that tell how it ended."""
    told: dict[str, JSON] = {"finishReason": render_finish(finish, refused=refused)}
    if finish.explanation:
        told["finishMessage"] = finish.explanation
    return told


def _candidate(candidate: Candidate) -> dict[str, JSON]:
    rendered = [render_part(part) for part in candidate.parts if not _is_silent(part)]
    parts = [part for part in rendered if part is not None]
    texts = [part for part in candidate.parts if isinstance(part, (Text, Refusal))]
    refused = any(isinstance(text, Refusal) for text in texts)
    members: dict[str, JSON] = {
        "content": {"parts": parts or [SILENCE], "role": "model"},
        **about_ending(candidate.finish, refused=refused),
        "index": candidate.index,
    }
    if any(map(_citations, texts)):
        grounding = render_grounding(Cited(text.text, _citations(text)) for text in texts)
        members |= {} if grounding is None else {"groundingMetadata": grounding}
    if candidate.logprobs:
        members["logprobsResult"] = render_logprobs(candidate.logprobs)
    return members


def _is_silent(part: Part) -> bool:
    return isinstance(part, Text) and not part.text and part.signature is None


def _citations(part: Text | Refusal) -> tuple[Citation, ...]:
    return part.citations if isinstance(part, Text) else ()
