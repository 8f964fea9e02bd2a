"""What the events of a stream say of the items of its answer → events of their blocks."""

from collections.abc import Mapping
from typing import Final, NoReturn, TypeAlias

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.identity import minted
from adapters.dialects.openai_responses import call_items
from adapters.dialects.openai_responses.blocks import Blocks
from adapters.dialects.openai_responses.item_readers import (
    CallReader,
    ItemReader,
    MessageReader,
    OtherReader,
    ThoughtReader,
)
from domain.chat.events import BlockKind, BlockStarted, StreamEvent
from domain.errors import MalformedResponse
from domain.json_types import JSON

Document: TypeAlias = Mapping[str, JSON]

_MESSAGE: Final = {"type": "message"}
_REASONING: Final = {"type": "reasoning"}
CALLS: Final = frozenset({call_items.FUNCTION_CALL, call_items.CUSTOM_CALL})
"""The types of items that call the caller's tools."""
_ADDED: Final = "response.output_item.added"
_MOST_ITEMS: Final = 100_000
"""More items than any answer holds; a larger index is garbage."""


class OutputReader:
    """The items of one answer. Every method takes one event's document and appends to `events` what it tells.

    Raises MalformedResponse where an event contradicts those before it.
    """

    def __init__(self, rendered: RenderedRequest) -> None:
        self._tool_names = rendered.tool_names
        self._namespaces = _namespaces(rendered.body)
        self._blocks = Blocks()
        self._items: dict[int, ItemReader] = {}
        self._whole: set[int] = set()
        self.answer_id = ""
        self.called = False

    @property
    def refused(self) -> bool:
        """Whether the model declined in its own words."""
        return any(isinstance(item, MessageReader) and item.refused for item in self._items.values())

    def add(self, document: Document, events: list[StreamEvent]) -> None:
        """An item began. Of calls the name is known, of the others only that they come."""
        self._reader(self._index(document), item_in(document, "item"), events)

    def finish(self, document: Document, events: list[StreamEvent]) -> None:
        """An item is complete."""
        self._complete(self._index(document), item_in(document, "item"), events)

    def finish_all(self, output: JSON, events: list[StreamEvent]) -> None:
        """The answer is complete; `output` holds all its items again, or (some servers) none of them."""
        for index, item in enumerate(output if isinstance(output, list) else ()):
            if isinstance(item, dict):
                self._complete(index, item, events)
        for reader in self._items.values():
            reader.close(events)

    def say(self, document: Document, events: list[StreamEvent]) -> None:
        """More text, and the log probabilities of its tokens."""
        message, index = self._message(document, events), _number(document, "content_index")
        message.text(index, _delta(document), events)
        logprobs = document.get("logprobs")
        if logprobs:
            message.logprobs(index, logprobs, events)

    def refuse(self, document: Document, events: list[StreamEvent]) -> None:
        """More of a refusal."""
        self._message(document, events).refusal(_number(document, "content_index"), _delta(document), events)

    def cite(self, document: Document, events: list[StreamEvent]) -> None:
        """Another source of a text."""
        annotation = item_in(document, "annotation")
        if annotation:
            self._message(document, events).annotation(_number(document, "content_index"), annotation, events)

    def finish_part(self, document: Document, events: list[StreamEvent]) -> None:
        """A content part is complete: `part`, or the event's own members. Those of thoughts say nothing new."""
        part = item_in(document, "part") or document
        if part.get("type") != "reasoning_text":
            self._message(document, events).part(_number(document, "content_index"), part, events)

    def summarize(self, document: Document, events: list[StreamEvent]) -> None:
        """More of a thought's summary."""
        index = _number(document, "summary_index")
        self._thought(document, events).text("summary", index, _delta(document), events)

    def think(self, document: Document, events: list[StreamEvent]) -> None:
        """More of a thought as it was thought."""
        index = _number(document, "content_index")
        self._thought(document, events).text("raw", index, _delta(document), events)

    def argue(self, document: Document, events: list[StreamEvent]) -> None:
        """More of a call's arguments."""
        item = self._items.get(self._index(document))
        if isinstance(item, CallReader):
            item.arguments(_delta(document), events)

    def finish_arguments(self, document: Document, events: list[StreamEvent]) -> None:
        """A call's arguments, whole."""
        item = self._items.get(self._index(document))
        if isinstance(item, CallReader):
            item.all_arguments(document.get("arguments", document.get("input")), events)

    def _complete(self, index: int, item: dict[str, JSON], events: list[StreamEvent]) -> None:
        if index not in self._whole:
            self._whole.add(index)
            self._reader(index, item, events).whole(item, events)

    def _index(self, document: Document) -> int:
        """Which item an event is about. Servers that do not number their items send them one by one."""
        index = document.get("output_index")
        if isinstance(index, int) and 0 <= index < _MOST_ITEMS:
            return index
        last = max(self._items, default=-1)
        return max(0, last + 1 if document.get("type") == _ADDED or last in self._whole else last)

    def _reader(self, index: int, item: Document, events: list[StreamEvent]) -> ItemReader:
        """The reader of the item at `index`, made from what is known of the item where it has none yet."""
        reader = self._items.get(index)
        if reader is None:
            kind = str(item.get("type"))
            reader = self._call(index, item, events) if kind in CALLS else _reader_of(kind, self._blocks)
            self._items[index] = reader
        return reader

    def _call(self, index: int, item: Document, events: list[StreamEvent]) -> CallReader:
        name, namespace, call_id = item.get("name"), item.get("namespace"), item.get("call_id") or item.get("id")
        if not isinstance(name, str) or not name:
            raise MalformedResponse("expected a name in every tool call; the upstream sent one without.")
        if isinstance(namespace, str) and namespace in self._namespaces:
            name = call_items.flattened(namespace, name)
        if not isinstance(call_id, str):
            call_id = minted("call_", f"{self.answer_id}/{index}")
        self.called = True
        self._blocks.close(events)
        block, custom = self._blocks.next(), item.get("type") == call_items.CUSTOM_CALL
        original = self._tool_names.original(name)
        events.append(
            BlockStarted(block, BlockKind.TOOL_CALL, call_id, original, "custom" if custom else "function")
        )
        return CallReader(block)

    def _message(self, document: Document, events: list[StreamEvent]) -> MessageReader:
        reader = self._reader(self._index(document), _MESSAGE, events)
        return reader if isinstance(reader, MessageReader) else _contradicted("a message")

    def _thought(self, document: Document, events: list[StreamEvent]) -> ThoughtReader:
        reader = self._reader(self._index(document), _REASONING, events)
        return reader if isinstance(reader, ThoughtReader) else _contradicted("a reasoning item")


def item_in(document: Document, name: str) -> dict[str, JSON]:
    """The object `name` of an event, empty where it has none."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _reader_of(kind: str, blocks: Blocks) -> ItemReader:
    if kind == "message":
        return MessageReader(blocks)
    return ThoughtReader(blocks) if kind == "reasoning" else OtherReader(blocks)


def _namespaces(body: Document) -> frozenset[str]:
    """The namespaces that the request declares, whose names belong to those of their tools."""
    tools = body.get("tools")
    declared = (tool for tool in tools or () if isinstance(tool, dict) and tool.get("type") == "namespace")
    return frozenset(name for tool in declared if isinstance(name := tool.get("name"), str))


def _contradicted(expected: str) -> NoReturn:
    raise MalformedResponse(f"expected {expected} where the upstream sent more of one; it had begun another item.")


def _delta(document: Document) -> str:
    delta = document.get("delta")
    return delta if isinstance(delta, str) else ""


def _number(document: Document, name: str) -> int:
    value = document.get(name)
    return value if isinstance(value, int) else 0
