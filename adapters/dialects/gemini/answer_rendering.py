"""A buffered answer for a client (ai.google.dev/api/generate-content#GenerateContentResponse, 2026-11)."""

from datetime import UTC, datetime
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

SILENCE: Final = {"text": ""}
"""The part of a candidate that says nothing; clients look for one without asking."""


def render_response(response: ChatResponse, reply: Reply) -> dict[str, JSON]:
    """The answer, under the name the client asked for."""
    candidates = [each for each in response.candidates if each.parts or render_prompt_block(each.finish) is None]
    blocked = next(
        (render_prompt_block(each.finish) for each in response.candidates if each not in candidates), None
    )
    rendered: dict[str, JSON] = {
        "candidates": [_candidate(candidate) for candidate in candidates] or None,
        "promptFeedback": blocked,
        "usageMetadata": None if response.usage is None else render_usage(response.usage),
        **about_answer(response.id, response.created_unix_s, reply),
    }
    return {name: value for name, value in rendered.items() if value is not None}


def about_answer(upstream_id: str, created_unix_s: int | None, reply: Reply) -> dict[str, JSON]:
    """The members that tell which answer it is."""
    about: dict[str, JSON] = {"modelVersion": reply.model}
    if created_unix_s is not None and 0 <= created_unix_s < _YEAR_10000_UNIX_S:
        about["createTime"] = datetime.fromtimestamp(created_unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return about | {"responseId": upstream_id} if upstream_id else about


def about_ending(finish: Finish, *, refused: bool) -> dict[str, JSON]:
    """The members of a candidate that tell how it ended."""
    told: dict[str, JSON] = {"finishReason": render_finish(finish, refused=refused)}
    return told | {"finishMessage": finish.explanation} if finish.explanation else told


def _candidate(candidate: Candidate) -> dict[str, JSON]:
    rendered = [render_part(part) for part in candidate.parts if not _is_silent(part)]
    parts = [part for part in rendered if part is not None]
    texts = (Cited(part.text, _citations(part)) for part in candidate.parts if isinstance(part, (Text, Refusal)))
    members: dict[str, JSON] = {
        "content": {"parts": parts or [SILENCE], "role": "model"},
        **about_ending(candidate.finish, refused=any(isinstance(part, Refusal) for part in candidate.parts)),
        "index": candidate.index,
        "groundingMetadata": render_grounding(texts),
        "logprobsResult": render_logprobs(candidate.logprobs) if candidate.logprobs else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _is_silent(part: Part) -> bool:
    return isinstance(part, Text) and not part.text and part.signature is None


def _citations(part: Text | Refusal) -> tuple[Citation, ...]:
    return part.citations if isinstance(part, Text) else ()
