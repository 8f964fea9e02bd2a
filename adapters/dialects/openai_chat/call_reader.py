"""Tool calls in the deltas of one choice, whose fragments name their call in many ways or not at all."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.members import Members
from adapters.dialects.openai_chat.messages import take_google_signature
from adapters.dialects.openai_chat.tools import CUSTOM_INPUT
from domain.chat.content import Opaque
from domain.chat.events import BlockKind, BlockStarted, BlockStopped, StreamEvent, ToolArgumentsDelta
from domain.errors import MalformedResponse
from domain.json_types import JSON

_LEGACY_SLOT = -1


@dataclass(slots=True)
class _Call:
    slot: int | None
    id: str = ""
    name: str = ""
    block: int | None = None
    custom: bool = False
    wrapped: bool = False
    signature: Opaque | None = None
    held: list[str] = field(default_factory=list)


class CallReader:
    """The calls of one choice. Their blocks stay open until the end, since fragments may alternate."""

    def __init__(
        self, index: int, answer_id: str, rendered: RenderedRequest, block_numbers: Iterator[int]
    ) -> None:
        self._index = index
        self._answer_id = answer_id
        self._rendered = rendered
        self._block_numbers = block_numbers
        self._calls: list[_Call] = []

    @property
    def any(self) -> bool:
        """Whether a tool was called."""
        return bool(self._calls)

    def read(self, calls: JSON, legacy: JSON) -> Iterator[StreamEvent]:
        """The events of the fragments in one delta."""
        for fragment in calls if isinstance(calls, list) else ():
            if not isinstance(fragment, dict):
                raise MalformedResponse("expected tool calls to be objects; the upstream sent another value.")
            yield from self._fragment(fragment)
        if isinstance(legacy, dict):
            yield from self._fragment({"index": _LEGACY_SLOT, "function": legacy})

    def end(self) -> Iterator[StreamEvent]:
        """Close every call. Raises MalformedResponse for a call that never got a name."""
        for call in self._calls:
            if call.block is None:
                raise MalformedResponse("expected a name in every tool call; the upstream sent one without.")
            if call.wrapped:
                yield ToolArgumentsDelta(call.block, _unwrapped("".join(call.held)), self._index)
            yield BlockStopped(call.block, self._index)

    def _fragment(self, fragment: dict[str, JSON]) -> Iterator[StreamEvent]:
        body = fragment.get("function")
        custom = not isinstance(body, dict) and isinstance(fragment.get("custom"), dict)
        body = fragment["custom"] if custom else body
        body = body if isinstance(body, dict) else {}
        call = self._call_of(fragment, _text(body.get("name")))
        call.custom = call.custom or custom
        call.id = call.id or _text(fragment.get("id"))
        call.name = call.name or _text(body.get("name"))
        if call.block is None and call.signature is None:
            call.signature = take_google_signature(Members(fragment, "")) or take_google_signature(
                Members(body, "")
            )
        arguments = _arguments(body.get("input" if custom else "arguments"))
        if arguments:
            call.held.append(arguments)
        if call.name and call.block is None:
            yield self._opened(call)
        if call.block is not None and call.held and not call.wrapped:
            yield ToolArgumentsDelta(call.block, "".join(call.held), self._index)
            call.held.clear()

    def _opened(self, call: _Call) -> BlockStarted:
        call.block = next(self._block_numbers)
        call.wrapped = call.name in self._rendered.custom_tools
        return BlockStarted(
            call.block,
            BlockKind.TOOL_CALL,
            call.id or self._minted(call),
            self._rendered.tool_names.original(call.name),
            "custom" if call.custom or call.wrapped else "function",
            call.signature,
            self._index,
        )

    def _minted(self, call: _Call) -> str:
        """An id for a call without one, the same whether the answer is streamed or not."""
        seed = f"{self._answer_id}/{self._index}/{self._calls.index(call)}".encode("utf-8", "surrogatepass")
        return "call_" + base64.b32encode(hashlib.sha256(seed).digest())[:24].decode().lower()

    def _call_of(self, fragment: dict[str, JSON], name: str) -> _Call:
        """The call that a fragment continues: by index, else by id, else the last one; or a new call.

        An index that comes again with another id and a name is a new call (servers that number every call 0).
        """
        slot, call_id = fragment.get("index"), _text(fragment.get("id"))
        if isinstance(slot, int):
            known = next((call for call in reversed(self._calls) if call.slot == slot), None)
            anew = bool(name and call_id and known is not None and known.id and known.id != call_id)
        elif call_id:
            known = next((call for call in self._calls if call.id == call_id), None)
            anew = False
        else:
            known = self._calls[-1] if self._calls else None
            anew = bool(name)
        if known is not None and not anew:
            return known
        call = _Call(slot if isinstance(slot, int) else None)
        self._calls.append(call)
        return call


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _arguments(value: JSON) -> str:
    """The text of a fragment's arguments; some servers send the object itself."""
    if isinstance(value, (dict, list)):
        return json_codec.encode(value).decode()
    return _text(value)


def _unwrapped(raw: str) -> str:
    """The free text that a function stood in for; what does not look like it is given as it is."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    text = value.get(CUSTOM_INPUT) if isinstance(value, dict) else None
    return text if isinstance(text, str) else raw
