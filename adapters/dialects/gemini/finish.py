"""How a Gemini candidate ended (ai.google.dev/api/generate-content#FinishReason, 2026-11)."""

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
_EXCERPT_CHARACTERS: Final = 200


def parse_finish(native: JSON, *, called: bool, explanation: str | None) -> Finish:
    """The ending that `native` means; `called` = the candidate holds a tool call.

    Raises MalformedResponse for every ending that Gemini itself calls broken (MALFORMED_FUNCTION_CALL,
    UNEXPECTED_TOOL_CALL, …) or does not document: those are never a `stop`.
    """
    name = _named(native, _BY_NUMBER)
    if name == "STOP":
        reason = FinishReason.TOOL_CALLS if called else FinishReason.STOP
        return Finish(reason=reason, native=name, explanation=explanation)
    if name == "MAX_TOKENS":
        return Finish(reason=FinishReason.LENGTH, native=name, explanation=explanation)
    if name == "CONTINUATION":
        return Finish(reason=FinishReason.LENGTH, native=name, detail="continuation", explanation=explanation)
    if name in _FILTERED:
        return Finish(
            reason=FinishReason.CONTENT_FILTER, native=name, detail=name.lower(), explanation=explanation
        )
    if name == "OTHER":
        return Finish(reason=FinishReason.OTHER, native=name, explanation=explanation)
    said = f": {explanation[:_EXCERPT_CHARACTERS]}" if explanation else ""
    raise MalformedResponse(f"expected a complete answer; the upstream ended it with {name[:64]}{said}")


def parse_prompt_block(reason: JSON, explanation: str | None) -> Finish:
    """The ending of an answer whose prompt was blocked (`promptFeedback.blockReason`)."""
    name = _named(reason, _BLOCK_BY_NUMBER)
    return Finish(
        reason=FinishReason.CONTENT_FILTER,
        native=name,
        detail="prompt_blocked",
        category=name,
        explanation=explanation,
    )


def truncated() -> MalformedResponse:
    """The error of an answer that ended without saying how."""
    return MalformedResponse(
        "expected a finishReason; the upstream's answer ended without one", kind=ErrorKind.TRUNCATED
    )


def _named(value: JSON, names: tuple[str, ...]) -> str:
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return str(value)
