"""How an answer ended: `status` and `incomplete_details` ↔ Finish (the Response type, 2026-11)."""

from types import MappingProxyType
from typing import Final

from domain.chat.response import Finish, FinishReason
from domain.errors import ErrorKind, MalformedResponse
from domain.json_types import JSON

COMPLETED: Final = "completed"
INCOMPLETE: Final = "incomplete"
FAILED: Final = "failed"

_WHOLE: Final = MappingProxyType(
    {
        COMPLETED: FinishReason.STOP,
        "complete": FinishReason.STOP,  # so spelled by servers that copy the wire
        "cancelled": FinishReason.OTHER,
    }
)
_CUT: Final = MappingProxyType(
    {
        "max_output_tokens": FinishReason.LENGTH,
        "max_messages": FinishReason.LENGTH,
        "content_filter": FinishReason.CONTENT_FILTER,
        "steered": FinishReason.OTHER,
    }
)
_WORDS: Final = MappingProxyType(
    {FinishReason.LENGTH: "max_output_tokens", FinishReason.CONTENT_FILTER: "content_filter"}
)


def parse_finish(status: JSON, incomplete_details: JSON, *, called: bool, refused: bool) -> Finish:
    """The ending that a response's `status` means.

    called: it called the caller's tools, which makes a complete answer one of TOOL_CALLS. refused: the model
    declined in its own words. Raises MalformedResponse for statuses and reasons that are not documented, for those
    of an answer that is not over (`queued`, `in_progress`), and for none at all. `failed` is no ending either: its
    error says more.
    """
    if status == INCOMPLETE:
        reason = incomplete_details.get("reason") if isinstance(incomplete_details, dict) else None
        cut = _CUT.get(reason) if isinstance(reason, str) else None
        if cut is None:
            raise _undocumented("incomplete_details.reason", reason)
        return Finish(cut, native=str(reason))
    if not isinstance(status, str):
        raise truncated()
    whole = _WHOLE.get(status)
    if whole is None:
        raise _undocumented("status", status)
    if called and whole is FinishReason.STOP:
        return Finish(FinishReason.TOOL_CALLS, native=status)
    return Finish(whole, native=status, detail="refusal" if refused and whole is FinishReason.STOP else None)


def render_finish(finish: Finish, *, refused: bool = False) -> tuple[str, dict[str, JSON] | None]:
    """A response's `status` and `incomplete_details`.

    refused: it holds a refusal, which tells by itself why there is no more. Endings without a word of their own
    (PAUSE, OTHER) are complete.
    """
    word = _WORDS.get(finish.reason)
    if word is None or (refused and finish.reason is FinishReason.CONTENT_FILTER):
        return COMPLETED, None
    return INCOMPLETE, {"reason": word}


def truncated() -> MalformedResponse:
    """The error of an answer that stopped without saying why."""
    return MalformedResponse(
        "expected the response to say how it ended; the upstream's answer was cut short.",
        kind=ErrorKind.TRUNCATED,
    )


def _undocumented(member: str, value: JSON) -> MalformedResponse:
    return MalformedResponse(f"expected a documented {member}; the upstream ended with {str(value)[:80]!r}.")
