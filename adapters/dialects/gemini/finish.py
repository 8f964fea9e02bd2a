"""How a Gemini candidate ended (ai.google.dev/api/generate-content#FinishReason, 2026-11)."""

from types import MappingProxyType
from typing import Final

from domain.chat.response import Finish, FinishReason
from domain.errors import ErrorKind, MalformedResponse
from domain.json_types import JSON

_FILTERED: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_OTHER",
        "NO_IMAGE",
        "MODEL_ARMOR",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    }
)
_BROKEN: Final = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
    }
)
_BY_NUMBER: Final = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
)
"""The enum in its numbers, which `$alt=json;enum-encoding=int` sends."""
_BLOCK_BY_NUMBER: Final = (
    "BLOCK_REASON_UNSPECIFIED",
    "SAFETY",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "IMAGE_SAFETY",
)
_BLOCKS: Final = frozenset({*_BLOCK_BY_NUMBER[1:], "MODEL_ARMOR", "JAILBREAK"})
_EXCERPT_CHARACTERS: Final = 200
_DECLINED: Final = "refusal"
_PROMPT_BLOCKED: Final = "prompt_blocked"
_WORDS: Final = MappingProxyType(
    {
        FinishReason.STOP: "STOP",
        FinishReason.LENGTH: "MAX_TOKENS",
        FinishReason.TOOL_CALLS: "STOP",
        FinishReason.CONTENT_FILTER: "SAFETY",
        FinishReason.PAUSE: "STOP",
        FinishReason.OTHER: "OTHER",
    }
)


def parse_finish(native: JSON, *, called: bool, explanation: str | None) -> Finish:
    """The ending that `native` means; `called` = the candidate holds a tool call.

    Raises MalformedResponse for every ending that Gemini itself calls broken (MALFORMED_FUNCTION_CALL,
    UNEXPECTED_TOOL_CALL, …) or does not document: those are never a `stop`.
    """
    name = _named(native, _BY_NUMBER)
    if name == "STOP":
        reason = FinishReason.TOOL_CALLS if called else FinishReason.STOP
        return Finish(reason, native=name, explanation=explanation)
    if name == "MAX_TOKENS":
        return Finish(FinishReason.LENGTH, native=name, explanation=explanation)
    if name == "CONTINUATION":
        return Finish(FinishReason.LENGTH, native=name, detail="continuation", explanation=explanation)
    if name in _FILTERED:
        return Finish(FinishReason.CONTENT_FILTER, native=name, detail=name.lower(), explanation=explanation)
    if name == "OTHER":
        return Finish(FinishReason.OTHER, native=name, explanation=explanation)
    said = f": {explanation[:_EXCERPT_CHARACTERS]}" if explanation else ""
    raise MalformedResponse(f"expected a complete answer; the upstream ended it with {name[:64]}{said}")


def relay_finish(native: JSON, *, called: bool, explanation: str | None) -> Finish:
    """As `parse_finish`, for clients who read the ending themselves: what Gemini calls broken has its word there.

    Raises MalformedResponse for endings that are not documented.
    """
    name = _named(native, _BY_NUMBER)
    if name in _BROKEN:
        return Finish(FinishReason.OTHER, native=name, detail=name.lower(), explanation=explanation)
    return parse_finish(native, called=called, explanation=explanation)


def parse_prompt_block(reason: JSON, explanation: str | None) -> Finish:
    """The ending of an answer whose prompt was blocked (`promptFeedback.blockReason`)."""
    name = _named(reason, _BLOCK_BY_NUMBER)
    return Finish(
        FinishReason.CONTENT_FILTER,
        native=name,
        detail=_PROMPT_BLOCKED,
        category=name,
        explanation=explanation,
    )


def render_finish(finish: Finish, *, refused: bool = False) -> str:
    """The word for an ending: Gemini's own where it was its model that ended so. Who declines ends with SAFETY."""
    if finish.reason is FinishReason.CONTENT_FILTER and finish.native in _FILTERED:
        return finish.native
    if finish.reason is FinishReason.LENGTH and finish.native == "CONTINUATION":
        return finish.native
    if finish.reason is FinishReason.STOP and (refused or finish.detail == _DECLINED):
        return _WORDS[FinishReason.CONTENT_FILTER]
    return _WORDS[finish.reason]


def render_prompt_block(finish: Finish) -> dict[str, JSON] | None:
    """The promptFeedback of an answer whose prompt was blocked; None for any other ending."""
    if finish.reason is not FinishReason.CONTENT_FILTER or finish.detail != _PROMPT_BLOCKED:
        return None
    reason = finish.category if finish.category in _BLOCKS else "OTHER"
    said = {"blockReasonMessage": finish.explanation} if finish.explanation else {}
    return {"blockReason": reason, **said}


def truncated() -> MalformedResponse:
    """The error of an answer that ended without saying how."""
    return MalformedResponse(
        "expected a finishReason; the upstream's answer ended without one", kind=ErrorKind.TRUNCATED
    )


def _named(value: JSON, names: tuple[str, ...]) -> str:
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return str(value)
