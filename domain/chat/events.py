"""One answer as a sequence of events, the same for streamed and buffered answers.

Grammar, per answer:  Started, then per candidate (BlockStarted, delta*, BlockStopped)* and one Finished;
UsageReported (cumulative, the last one counts) and Ping anywhere; last exactly one of Ended or Failed.
A block is opened once and closed once. Tool-call blocks may overlap; all others are sequential. Concatenated
deltas equal the buffered answer. ContentSeen replaces the block events where an answer passes through in its
own dialect and nobody needs to know more than that something was said.
"""

from enum import StrEnum
from typing import Literal, TypeAlias

from domain.chat.content import Citation, Media, Opaque, OpaquePart
from domain.chat.response import Finish
from domain.chat.usage import Usage
from domain.errors import FeatherGateError
from domain.json_types import JSON
from domain.values import dataclass


class BlockKind(StrEnum):
    """What a block of an answer is."""

    TEXT = "text"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    REFUSAL = "refusal"
    MEDIA = "media"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Started:
    """The upstream began to answer."""

    id: str
    model: str
    created_unix_s: int | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """A block opened; `block` counts from 0 per candidate. `call_id`, `name`, `tool_kind` for tool calls only."""

    block: int
    kind: BlockKind
    call_id: str | None = None
    name: str | None = None
    tool_kind: Literal["function", "custom"] = "function"
    signature: Opaque | None = None
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text."""

    block: int
    text: str
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class TextSigned:
    """The signature of a text block (Gemini)."""

    block: int
    signature: Opaque
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More reasoning."""

    block: int
    text: str
    form: Literal["summary", "raw"] = "summary"
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningSigned:
    """The signature of a reasoning block; `redacted` blocks have nothing else."""

    block: int
    signature: Opaque
    redacted: bool = False
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class ToolArgumentsDelta:
    """More of a call's arguments, as text."""

    block: int
    fragment: str
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of a refusal."""

    block: int
    text: str
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class Cited:
    """A source of the block's text."""

    block: int
    citation: Citation
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class LogprobsDelta:
    """Log probabilities in OpenAI's shape: a list of {token, logprob, bytes, top_logprobs}."""

    entries: JSON
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class MediaAdded:
    """A picture or sound, whole; `transcript` is what a sound says."""

    block: int
    media: Media
    medium: Literal["image", "audio"] = "image"
    candidate: int = 0
    transcript: str | None = None


@dataclass(frozen=True, slots=True)
class OpaqueAdded:
    """A part only its family understands, whole."""

    block: int
    part: OpaquePart
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class BlockStopped:
    """A block closed."""

    block: int
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class ContentSeen:
    """Something was said; its bytes travel beside this event."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A candidate ended."""

    finish: Finish
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What the answer consumed so far; replaces earlier reports."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Ping:
    """The upstream is alive and has nothing to say."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer broke; nothing follows."""

    error: FeatherGateError


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is complete; nothing follows."""


StreamEvent: TypeAlias = (
    Started
    | BlockStarted
    | TextDelta
    | TextSigned
    | ReasoningDelta
    | ReasoningSigned
    | ToolArgumentsDelta
    | RefusalDelta
    | Cited
    | LogprobsDelta
    | MediaAdded
    | OpaqueAdded
    | BlockStopped
    | ContentSeen
    | Finished
    | UsageReported
    | Ping
    | Failed
    | Ended
)
