"""The content blocks of a streamed answer, each a small machine: events of one block in, its frames out."""

from collections.abc import Iterable
from typing import Final, Protocol, assert_never

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages import answer_shape
from adapters.dialects.anthropic_messages.answer_rendering import call_input
from adapters.dialects.anthropic_messages.thoughts import carrier, is_own, sealed_signature
from adapters.dialects.anthropic_messages.vocabulary import FAMILY, Block, compact, text_block
from domain.chat import events as ev
from domain.chat.content import Opaque
from domain.chat.events import BlockKind, StreamEvent
from domain.json_types import JSON

_DELTA: Final = b"".join(
    (
        b"event: content_block_delta\n",
        b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n',
    )
)


def frame(payload: Block) -> bytes:
    """One event of the stream, named as its type is: clients overlook those without a name."""
    return b"event: %b\ndata: %b\n\n" % (payload["type"].encode(), json_codec.encode(payload))


class BlockFrames:
    """The frames of content blocks. One is open at a time, and they count from 0 as they are opened."""

    __slots__ = ("_index",)

    def __init__(self) -> None:
        self._index = -1

    def start(self, block: Block) -> bytes:
        """The beginning of the next block."""
        self._index += 1
        return frame({"type": "content_block_start", "index": self._index, "content_block": block})

    def delta(self, kind: bytes, member: bytes, value: JSON) -> bytes:
        """More of the open block."""
        return _DELTA % (self._index, kind, member, json_codec.encode(value))

    def stop(self) -> bytes:
        """The end of the open block."""
        return frame({"type": "content_block_stop", "index": self._index})

    def thinking(self) -> bytes:
        """The beginning of a thought."""
        return self.start({"type": "thinking", "thinking": "", "signature": ""})

    def signed(self, signature: str) -> bytes:
        """The end of a thought, whose signature is the last it tells."""
        return self.delta(b"signature_delta", b"signature", signature) + self.stop()

    def carried(self, block: Block) -> bytes:
        """A thought that is nothing but its signature."""
        return self.thinking() + self.signed(block["signature"])


class BlockEncoder(Protocol):
    """One block from its start to its stop."""

    def feed(self, event: StreamEvent) -> bytes:
        """The frames for an event of the block, possibly none."""
        ...


def block_encoder(started: ev.BlockStarted, frames: BlockFrames) -> BlockEncoder:
    """The encoder of the block that `started` opens."""
    match started.kind:
        case BlockKind.TEXT | BlockKind.REFUSAL:
            return _TextEncoder(frames)
        case BlockKind.REASONING:
            return _ThoughtEncoder(frames)
        case BlockKind.TOOL_CALL:
            return _CallEncoder(started, frames)
        case BlockKind.OPAQUE:
            return _OpaqueEncoder(frames)
        case BlockKind.MEDIA:
            return _Unsaid()
    assert_never(started.kind)


class _TextEncoder:
    """A text, opened with its first words: the format knows no empty ones."""

    __slots__ = ("_cited", "_frames", "_open", "_signature")

    def __init__(self, frames: BlockFrames) -> None:
        self._frames = frames
        self._open = False
        self._cited: list[JSON] = []
        self._signature: Opaque | None = None

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case ev.TextDelta(_, text) | ev.RefusalDelta(_, text):
                if self._open:
                    return self._frames.delta(b"text_delta", b"text", text) if text else b""
                return self._opened(text) if text else b""
            case ev.Cited(_, citation):
                shown = answer_shape.citation(citation)
                if shown is not None:
                    self._cited.append(shown)
                return self._citations() if self._open else b""
            case ev.TextSigned(_, signature):
                self._signature = signature
                return b""
            case ev.BlockStopped():
                return self._closed()
            case _:
                return b""

    def _opened(self, text: str) -> bytes:
        self._open = True
        told = self._frames.start(text_block("")) + self._frames.delta(b"text_delta", b"text", text)
        return told + self._citations()

    def _citations(self) -> bytes:
        cited, self._cited = self._cited, []
        return b"".join(self._frames.delta(b"citations_delta", b"citation", one) for one in cited)

    def _closed(self) -> bytes:
        told = self._frames.stop() if self._open else b""
        return told if self._signature is None else told + self._frames.carried(carrier(self._signature, "text"))


class _ThoughtEncoder:
    """A thought, opened with its first words or, where it has none, at its end if it is signed."""

    __slots__ = ("_frames", "_open", "_redacted", "_signature")

    def __init__(self, frames: BlockFrames) -> None:
        self._frames = frames
        self._open = self._redacted = False
        self._signature: Opaque | None = None

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case ev.ReasoningDelta(_, text):
                if not text:
                    return b""
                told = b"" if self._open else self._frames.thinking()
                self._open = True
                return told + self._frames.delta(b"thinking_delta", b"thinking", text)
            case ev.ReasoningSigned(_, signature, redacted):
                self._signature, self._redacted = signature, redacted
                return b""
            case ev.BlockStopped():
                return self._closed()
            case _:
                return b""

    def _closed(self) -> bytes:
        signature = self._signature
        if signature is None and not self._open:
            return b""
        if signature is None or not is_own(signature):
            sealed = sealed_signature(signature, redacted=self._redacted)
            return (b"" if self._open else self._frames.thinking()) + self._frames.signed(sealed)
        if self._redacted and not self._open:
            return self._frames.start({"type": "redacted_thinking", "data": signature.value}) + self._frames.stop()
        return (b"" if self._open else self._frames.thinking()) + self._frames.signed(signature.value)


class _CallEncoder:
    """A call. Arguments that are an object are told as they come; what must stand in one waits for its end."""

    __slots__ = ("_custom", "_frames", "_held", "_streams")

    def __init__(self, started: ev.BlockStarted, frames: BlockFrames) -> None:
        self._frames = frames
        self._custom = started.tool_kind == "custom"
        self._streams = False
        self._held = ""

    def feed(self, event: StreamEvent) -> bytes:
        match event:
            case ev.ToolArgumentsDelta(_, fragment):
                return self._more(fragment)
            case ev.BlockStarted(signature=signature):
                told = b"" if signature is None else self._frames.carried(carrier(signature, "call"))
                return told + self._frames.start(answer_shape.tool_use(event.call_id, event.name, {}))
            case ev.BlockStopped():
                return self._rest() + self._frames.stop()
            case _:
                return b""

    def _more(self, fragment: str) -> bytes:
        if not self._streams:
            self._held += fragment
            if self._custom or not self._held.lstrip().startswith("{"):
                return b""
            self._streams = True
            fragment = self._held
        return self._frames.delta(b"input_json_delta", b"partial_json", fragment) if fragment else b""

    def _rest(self) -> bytes:
        arguments = {} if self._streams else call_input(self._held, custom=self._custom)
        if not arguments:
            return b""
        return self._frames.delta(b"input_json_delta", b"partial_json", compact(arguments))


class _OpaqueEncoder:
    """A block of the vendor's own tools, which only its own clients know."""

    __slots__ = ("_frames",)

    def __init__(self, frames: BlockFrames) -> None:
        self._frames = frames

    def feed(self, event: StreamEvent) -> bytes:
        if not isinstance(event, ev.OpaqueAdded) or event.part.family != FAMILY:
            return b""
        raw = event.part.raw
        return b"".join(self._whole(raw)) if isinstance(raw, dict) else b""

    def _whole(self, raw: Block) -> Iterable[bytes]:
        """The block; the input of a tool's use comes as deltas, as in every other use."""
        arguments = raw.get("input")
        if isinstance(arguments, dict) and arguments:
            yield self._frames.start({**raw, "input": {}})
            yield self._frames.delta(b"input_json_delta", b"partial_json", compact(arguments))
        else:
            yield self._frames.start(raw)
        yield self._frames.stop()


class _Unsaid:
    """A picture or a sound, which the format cannot show in answers."""

    __slots__ = ()

    def feed(self, event: StreamEvent) -> bytes:
        del event
        return b""
