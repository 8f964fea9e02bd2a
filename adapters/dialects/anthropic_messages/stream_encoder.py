"""Events → the bytes of a streamed answer.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming (2026-11). Its blocks are told one after
the other, so what belongs to a later block waits until those before it are closed.
"""

from typing import Final, TypeAlias

from adapters.dialects.anthropic_messages import answer_shape
from adapters.dialects.anthropic_messages.block_encoding import BlockEncoder, BlockFrames, block_encoder, frame
from adapters.dialects.anthropic_messages.client_errors import encode_error
from adapters.dialects.anthropic_messages.response import truncated
from adapters.dialects.contract import Reply
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.response import Finish
from domain.chat.usage import Usage

_UNFINISHED: Final = ("stop_reason", "stop_sequence", "stop_details")


class MessagesEncoder:
    """Writes one streamed answer: its first candidate, whose counts go out with the ending."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._frames = BlockFrames()
        self._started = ev.Started("", "")
        self._begun = self._declined = self._over = False
        self._writing: int | None = None
        self._block: BlockEncoder | None = None
        self._waiting: dict[int, list[BlockEvent]] = {}
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none; none at all after Ended and Failed."""
        if self._over:
            return b""
        match event:
            case ev.Started():
                self._started = event
            case ev.UsageReported(usage):
                self._usage = usage
            case ev.Ping() | ev.ContentSeen() | ev.LogprobsDelta():
                pass
            case ev.Failed(error):
                self._over = True
                return encode_error(error)
            case ev.Ended():
                self._over = True
                return self._ending()
            case ev.Finished(finish, candidate):
                if candidate == 0:
                    self._finish = finish
                    return self._beginning()
            case _:
                if event.candidate == 0:
                    return self._told(event)
        return b""

    def _told(self, event: "BlockEvent") -> bytes:
        if event.block == self._writing and self._block is not None:
            told = self._block.feed(event)
            if type(event) is not ev.BlockStopped:
                return told
            self._writing = None
            return told + self._next()
        if isinstance(event, ev.BlockStarted):
            self._declined = self._declined or event.kind is BlockKind.REFUSAL
            if self._writing is None:
                return self._beginning() + self._open(event)
            self._waiting[event.block] = []
        self._waiting[event.block].append(event)
        return b""

    def _open(self, started: ev.BlockStarted) -> bytes:
        self._writing, self._block = started.block, block_encoder(started, self._frames)
        return self._block.feed(started)

    def _next(self) -> bytes:
        """What the blocks that waited have to tell, up to the first that is still open."""
        told: list[bytes] = []
        while self._writing is None and self._waiting:
            events = self._waiting.pop(next(iter(self._waiting)))
            told.extend(self._told(event) for event in events)
        return b"".join(told)

    def _beginning(self) -> bytes:
        """The message's start, once, with what is known of its usage by then."""
        if self._begun:
            return b""
        self._begun = True
        usage = {**answer_shape.usage(self._usage), **answer_shape.service_tier(self._started.service_tier)}
        message = answer_shape.message(self._started.id, self._reply, [])
        message |= {**dict.fromkeys(_UNFINISHED), "usage": usage}
        return frame({"type": "message_start", "message": message})

    def _ending(self) -> bytes:
        if self._finish is None:
            return encode_error(truncated())
        delta = answer_shape.ending(self._finish, declined=self._declined)
        told = {"type": "message_delta", "delta": delta, "usage": answer_shape.usage(self._usage)}
        return self._beginning() + frame(told) + frame({"type": "message_stop"})


BlockEvent: TypeAlias = (
    ev.BlockStarted
    | ev.TextDelta
    | ev.TextSigned
    | ev.ReasoningDelta
    | ev.ReasoningSigned
    | ev.ToolArgumentsDelta
    | ev.RefusalDelta
    | ev.Cited
    | ev.MediaAdded
    | ev.OpaqueAdded
    | ev.BlockStopped
)
