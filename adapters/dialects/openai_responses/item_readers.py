"""The items of an answer → the events of their blocks.

Each reader takes deltas as they come, and the whole item at last, of which it tells what no delta told: a buffered
answer is one of whole items, and servers that send some things only when they are done are served alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from adapters.dialects import json_codec, media
from adapters.dialects.openai_responses.blocks import Blocks
from adapters.dialects.openai_responses.citations import parse_annotation
from adapters.dialects.openai_responses.vocabulary import FAMILY, OPENAI
from domain.chat import events as ev
from domain.chat.content import Inline, Opaque, OpaquePart
from domain.chat.events import BlockKind, StreamEvent
from domain.errors import MalformedResponse
from domain.json_types import JSON

JOINT: Final = "\n\n"
"""What stands between the parts of a thought, of which the canonical form makes one text."""

_Form = Literal["summary", "raw"]


class ItemReader(Protocol):
    """Reads one item; appends what it tells to `events`."""

    def whole(self, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        """The item is complete."""
        ...

    def close(self, events: list[StreamEvent]) -> None:
        """The answer ends, whether or not the item was told to be complete."""
        ...


class _Told:
    """A text so far."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        """More of it was told."""
        self._pieces.append(piece)

    def missing(self, whole: str) -> str:
        """What of the whole text was not told; nothing where it contradicts what was, and cannot be taken back."""
        told = "".join(self._pieces)
        return whole[len(told) :] if whole.startswith(told) else ""


@dataclass(slots=True, eq=False)
class _Said:
    """A content part so far: its text, and how many of its sources and log probabilities were told."""

    kind: BlockKind
    told: _Told = field(default_factory=_Told)
    cited: int = 0
    logprobs: int = 0


class MessageReader:
    """A message: texts, with their sources and log probabilities, and refusals."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._parts: dict[int, _Said] = {}
        self.refused = False

    def text(self, index: int, text: str, events: list[StreamEvent]) -> None:
        """More of the text at `index` of the content."""
        if not text:
            return
        said = self._part(index, BlockKind.TEXT)
        said.told.add(text)
        events.append(ev.TextDelta(self._blocks.of(said, BlockKind.TEXT, events), text))

    def refusal(self, index: int, text: str, events: list[StreamEvent]) -> None:
        """More of the refusal at `index`."""
        if not text:
            return
        said = self._part(index, BlockKind.REFUSAL)
        said.told.add(text)
        self.refused = True
        events.append(ev.RefusalDelta(self._blocks.of(said, BlockKind.REFUSAL, events), text))

    def annotation(self, index: int, annotation: Mapping[str, JSON], events: list[StreamEvent]) -> None:
        """Another source of the text at `index`."""
        said = self._part(index, BlockKind.TEXT)
        said.cited += 1
        events.append(ev.Cited(self._blocks.of(said, BlockKind.TEXT, events), parse_annotation(annotation)))

    def logprobs(self, index: int, entries: JSON, events: list[StreamEvent]) -> None:
        """Log probabilities of the text at `index`."""
        told = [_logprob(entry) for entry in _objects(entries)]
        self._part(index, BlockKind.TEXT).logprobs += len(told)
        if told:
            events.append(ev.LogprobsDelta(told))

    def part(self, index: int, part: Mapping[str, JSON], events: list[StreamEvent]) -> None:
        """The content part at `index` is complete."""
        refusal, text = part.get("refusal"), part.get("text")
        if isinstance(refusal, str):
            self.refusal(index, self._part(index, BlockKind.REFUSAL).told.missing(refusal), events)
        elif isinstance(text, str):
            said = self._part(index, BlockKind.TEXT)
            self.text(index, said.told.missing(text), events)
            cited, logprobs = part.get("annotations"), part.get("logprobs")
            if cited:
                for annotation in _objects(cited)[said.cited :]:
                    self.annotation(index, annotation, events)
            if logprobs and not said.logprobs:
                self.logprobs(index, logprobs, events)

    def whole(self, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        for index, part in enumerate(_objects(item.get("content"))):
            self.part(index, part, events)
        self.close(events)

    def close(self, events: list[StreamEvent]) -> None:
        for said in self._parts.values():
            self._blocks.close_of(said, events)

    def _part(self, index: int, kind: BlockKind) -> _Said:
        said = self._parts.get(index)
        if said is None or said.kind is not kind:
            said = self._parts[index] = _Said(kind)
        return said


class ThoughtReader:
    """A reasoning item: one block, the parts of its summary and content joined; encrypted it is signed."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._parts: dict[tuple[_Form, int], _Told] = {}

    def text(self, form: _Form, index: int, text: str, events: list[StreamEvent]) -> None:
        """More of the part at `index` of the summary, or of the thought as it was thought."""
        if not text:
            return
        told = self._parts.get((form, index))
        joint = JOINT if told is None and self._parts else ""
        if told is None:
            told = self._parts[form, index] = _Told()
        told.add(text)
        events.append(ev.ReasoningDelta(self._blocks.of(self, BlockKind.REASONING, events), joint + text, form))

    def whole(self, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        forms: tuple[tuple[str, _Form], ...] = (("summary", "summary"), ("content", "raw"))
        for name, form in forms:
            for index, part in enumerate(_objects(item.get(name))):
                text, told = _text(part.get("text")), self._parts.get((form, index))
                self.text(form, index, text if told is None else told.missing(text), events)
        encrypted = item.get("encrypted_content")
        if isinstance(encrypted, str) and encrypted:
            block = self._blocks.of(self, BlockKind.REASONING, events)
            signature = Opaque(family=OPENAI, value=encrypted)
            events.append(ev.ReasoningSigned(block, signature, redacted=not self._parts))
        self.close(events)

    def close(self, events: list[StreamEvent]) -> None:
        self._blocks.close_of(self, events)


class CallReader:
    """A call of one of the caller's tools, in the block that was opened for it."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._told = _Told()
        self._closed = False

    def arguments(self, fragment: str, events: list[StreamEvent]) -> None:
        """More of the arguments."""
        if fragment and not self._closed:
            self._told.add(fragment)
            events.append(ev.ToolArgumentsDelta(self._block, fragment))

    def all_arguments(self, value: JSON, events: list[StreamEvent]) -> None:
        """The arguments, whole; some servers give an object in place of its text."""
        text = json_codec.encode(value).decode() if isinstance(value, (dict, list)) else _text(value)
        self.arguments(self._told.missing(text), events)

    def whole(self, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        self.all_arguments(item.get("arguments", item.get("input")), events)
        self.close(events)

    def close(self, events: list[StreamEvent]) -> None:
        if not self._closed:
            self._closed = True
            events.append(ev.BlockStopped(self._block))


class OtherReader:
    """Any other item: a picture where it holds one, else kept as it is."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def whole(self, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        self._blocks.close(events)
        block = self._blocks.next()
        picture = item.get("result") if item.get("type") == "image_generation_call" else None
        if isinstance(picture, str) and picture:
            events.append(ev.BlockStarted(block, BlockKind.MEDIA))
            events.append(ev.MediaAdded(block, _picture(picture, item.get("output_format"))))
        else:
            part = OpaquePart(family=FAMILY, kind=_text(item.get("type")), raw=item)
            events.append(ev.BlockStarted(block, BlockKind.OPAQUE))
            events.append(ev.OpaqueAdded(block, part))
        events.append(ev.BlockStopped(block))

    def close(self, events: list[StreamEvent]) -> None:
        """An item that never was complete tells nothing."""


def _picture(encoded: str, kind: JSON) -> Inline:
    try:
        return media.inline(f"image/{kind if isinstance(kind, str) else 'png'}", encoded)
    except ValueError as refused:
        raise MalformedResponse(f"expected a picture the upstream encoded well; {refused}.") from None


def _logprob(entry: dict[str, JSON]) -> JSON:
    """A token's log probability as Chat Completions tells it, where its bytes are always there."""
    alternatives = [_token(alternative) for alternative in _objects(entry.get("top_logprobs"))]
    return {**_token(entry), "top_logprobs": alternatives}


def _token(entry: dict[str, JSON]) -> dict[str, JSON]:
    token, told = _text(entry.get("token")), entry.get("bytes")
    return {
        "token": token,
        "logprob": entry.get("logprob"),
        "bytes": told if isinstance(told, list) else list(token.encode("utf-8", "surrogatepass")),
    }


def _objects(value: JSON) -> list[dict[str, JSON]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
