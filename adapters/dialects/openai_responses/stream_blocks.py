"""Blocks of a streamed answer: each tells its part of an item as the format's own events."""

from typing import Final, Literal, Protocol

from adapters.dialects.openai_responses import output_items as items
from adapters.dialects.openai_responses.citations import render_annotation
from adapters.dialects.openai_responses.stream_frames import delta_head
from adapters.dialects.openai_responses.stream_output import Opened, StreamOutput
from domain.chat.content import Citation, Opaque, Reasoning, ToolCall
from domain.chat.events import BlockStarted
from domain.json_types import JSON

_PART_ADDED: Final = "response.content_part.added"
_PART_DONE: Final = "response.content_part.done"
_TEXT_DELTA: Final = "response.output_text.delta"


class Block(Protocol):
    """A block that is open."""

    def tell(self, text: str) -> bytes:
        """More of its text."""
        ...

    def stop(self) -> bytes:
        """Its end."""
        ...


class TextBlock:
    """A content part of a message; announced with the first word, so that an empty text is none."""

    def __init__(self, output: StreamOutput) -> None:
        self._output = output
        self._words: list[str] = []
        self._message: Opened | None = None
        self._place: dict[str, JSON] = {}
        self._head = b""
        self._is_stopped = False
        self._part = items.output_text("")
        self.citations: list[Citation] = []
        self.signature: Opaque | None = None

    def tell(self, text: str) -> bytes:
        if not text:
            return b""
        began = self._begin()
        self._words.append(text)
        return began + self._output.frames.delta(self._head, text)

    @property
    def takes_logprobs(self) -> bool:
        """Whether it has words, or still may have some."""
        return self._message is not None or not self._is_stopped

    def add_logprobs(self, entries: JSON) -> bytes:
        """Log probabilities of the text, sent beside no new words where some were told and more may come."""
        told = [items.logprob(entry) for entry in entries]
        self._part["logprobs"].extend(told)
        if self._message is None or self._is_stopped:
            return b""
        return self._output.frames.event(_TEXT_DELTA, **self._place, logprobs=told, delta="")

    def stop(self) -> bytes:
        output = self._output
        self._is_stopped = True
        told = self._begin() if self.citations else b""
        if self._message is not None:
            told += self._end(self._message)
        if self.signature is None:
            return told
        signature = self.signature
        return told + output.whole(
            items.REASONING_PREFIX, lambda item_id: items.carrier(item_id, signature, "text")
        )

    def _begin(self) -> bytes:
        if self._message is not None:
            return b""
        self._message = message = self._output.message()
        self._place = {**message.place, "content_index": len(message.item["content"])}
        message.item["content"].append(self._part)
        self._head = delta_head(_TEXT_DELTA, **self._place, logprobs=[])
        return message.raw + self._output.frames.event(_PART_ADDED, **self._place, part=items.output_text(""))

    def _end(self, message: Opened) -> bytes:
        event, part, place = self._output.frames.event, self._part, self._place
        text = part["text"] = "".join(self._words)
        told: list[bytes] = []
        for citation in self.citations:
            annotation = render_annotation(citation, len(text))
            if annotation is not None:
                index = len(part["annotations"])
                part["annotations"].append(annotation)
                kind = "response.output_text.annotation.added"
                told.append(event(kind, **place, annotation_index=index, annotation=annotation))
        told.append(event("response.output_text.done", **place, text=text, logprobs=part["logprobs"]))
        told.append(event(_PART_DONE, **place, part=part))
        self._output.settle(message.index, message.item)
        return b"".join(told)


class RefusalBlock:
    """A content part of a message in which the model declines."""

    def __init__(self, output: StreamOutput) -> None:
        self._output = output
        self._words: list[str] = []
        self._message = message = output.message()
        self._part = items.refusal("")
        self._place = {**message.place, "content_index": len(message.item["content"])}
        self._head = delta_head("response.refusal.delta", **self._place)
        message.item["content"].append(self._part)
        self.opening = message.raw + output.frames.event(_PART_ADDED, **self._place, part=self._part)

    def tell(self, text: str) -> bytes:
        self._words.append(text)
        return self._output.frames.delta(self._head, text) if text else b""

    def stop(self) -> bytes:
        event, message = self._output.frames.event, self._message
        self._part["refusal"] = "".join(self._words)
        told = event("response.refusal.done", **self._place, refusal=self._part["refusal"])
        self._output.settle(message.index, message.item)
        return told + event(_PART_DONE, **self._place, part=self._part)


class ReasoningBlock:
    """A thought; its summary or its very words are announced with the first of them."""

    def __init__(self, output: StreamOutput) -> None:
        self._output = output
        self._words: list[str] = []
        self._head = b""
        self._item = output.open(items.REASONING_PREFIX, items.reasoning_begun)
        self.opening = self._item.raw
        self._is_raw = self._is_redacted = False
        self._signature: Opaque | None = None

    def think(self, text: str, form: Literal["summary", "raw"]) -> bytes:
        """More of it; all of a thought has the form of its beginning."""
        if not self._words:
            self._is_raw = form == "raw"
        return self.tell(text)

    def sign(self, signature: Opaque, *, redacted: bool) -> None:
        """What its vendor knows it by; of a redacted thought it is all."""
        self._signature, self._is_redacted = signature, redacted

    def tell(self, text: str) -> bytes:
        if not text:
            return b""
        began = b"" if self._words else self._begin()
        self._words.append(text)
        return began + self._output.frames.delta(self._head, text)

    def stop(self) -> bytes:
        text = "".join(self._words)
        told = self._end(text) if text else b""
        thought = Reasoning(
            text=text,
            form="raw" if self._is_raw else "summary",
            signature=self._signature,
            redacted=self._is_redacted,
        )
        self._output.settle(self._item.index, items.reasoning(self._item.item["id"], thought))
        return told

    @property
    def _place(self) -> dict[str, JSON]:
        return {**self._item.place, ("content_index" if self._is_raw else "summary_index"): 0}

    def _begin(self) -> bytes:
        event, place = self._output.frames.event, self._place
        if self._is_raw:
            self._head = delta_head("response.reasoning_text.delta", **place)
            return event(_PART_ADDED, **place, part=items.reasoning_text(""))
        self._head = delta_head("response.reasoning_summary_text.delta", **place)
        return event("response.reasoning_summary_part.added", **place, part=items.summary_text(""))

    def _end(self, text: str) -> bytes:
        event, place = self._output.frames.event, self._place
        if self._is_raw:
            told = event("response.reasoning_text.done", **place, text=text)
            return told + event(_PART_DONE, **place, part=items.reasoning_text(text))
        told = event("response.reasoning_summary_text.done", **place, text=text)
        return told + event("response.reasoning_summary_part.done", **place, part=items.summary_text(text))


class CallBlock:
    """A call, announced with its name; a signature it has travels in an item before it."""

    def __init__(self, output: StreamOutput, started: BlockStarted) -> None:
        self._output = output
        self._started = started
        self._fragments: list[str] = []
        signature = started.signature
        carried = (
            b""
            if signature is None
            else output.whole(items.REASONING_PREFIX, lambda item_id: items.carrier(item_id, signature, "call"))
        )
        self._is_custom = started.tool_kind == "custom"
        self._item = output.open(items.call_prefix(started.tool_kind), self._announced)
        word = "custom_tool_call_input" if self._is_custom else "function_call_arguments"
        self._kind = f"response.{word}"
        self._head = delta_head(f"{self._kind}.delta", **self._item.place)
        self.opening = carried + self._item.raw

    def tell(self, text: str) -> bytes:
        if not text:
            return b""
        self._fragments.append(text)
        return self._output.frames.delta(self._head, text)

    def stop(self) -> bytes:
        told = b"" if self._fragments or self._is_custom else self.tell("{}")
        item = items.call(self._item.item["id"], self._called(), self._output.naming, items.IN_PROGRESS)
        self._output.settle(self._item.index, item)
        name = "input" if self._is_custom else "arguments"
        return told + self._output.frames.event(f"{self._kind}.done", **self._item.place, **{name: item[name]})

    def _called(self) -> ToolCall:
        started = self._started
        return ToolCall(
            id=started.call_id or "",
            name=started.name or "",
            raw="".join(self._fragments),
            kind=started.tool_kind,
        )

    def _announced(self, item_id: str) -> dict[str, JSON]:
        item = items.call(item_id, self._called(), self._output.naming, items.IN_PROGRESS)
        item["input" if self._is_custom else "arguments"] = ""
        return item
