"""A chat answer as every dialect means it."""

from dataclasses import KW_ONLY
from enum import StrEnum

from domain.chat.content import Part
from domain.chat.usage import Usage
from domain.json_types import JSON, NO_EXT, Ext
from domain.values import dataclass


class FinishReason(StrEnum):
    """Why the answer ended; an ending that is none of these is an error, never a `stop`."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    PAUSE = "pause"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finish:
    """How a candidate ended; `native` is the upstream's own word, `detail` narrows the reason.

    An ending the upstream itself calls broken, one it does not document, and none at all are no Finish but
    a Failed event (MalformedResponse).
    """

    reason: FinishReason
    _: KW_ONLY
    native: str = ""
    stop_sequence: str | None = None
    detail: str | None = None
    category: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the answers: Text, Reasoning, ToolCall, Refusal, Image, Audio or OpaquePart in their order."""

    index: int
    parts: tuple[Part, ...]
    finish: Finish
    _: KW_ONLY
    logprobs: JSON = None


@dataclass(frozen=True, slots=True)
class ChatResponse:
    """A complete answer; `created_unix_s` is None where the upstream gave no time."""

    id: str
    model: str
    candidates: tuple[Candidate, ...]
    _: KW_ONLY
    created_unix_s: int | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    ext: Ext = NO_EXT
