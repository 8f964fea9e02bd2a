"""Canonical messages → `instructions` and the items of `input`.

One item per call, result, thought and message; nothing is merged. A conversation of another dialect is repaired
first; one of this dialect goes back as it was parsed (see `vocabulary` for where its leftovers stand).
"""

from collections.abc import Iterator
from dataclasses import field, replace
from typing import assert_never

from adapters.dialects.contract import Target
from adapters.dialects.leftovers import lost_in_messages
from adapters.dialects.openai_responses import repairs
from adapters.dialects.openai_responses.call_items import (
    CUSTOM_CALL,
    CUSTOM_RESULT,
    FUNCTION_CALL,
    FUNCTION_RESULT,
    flattened,
)
from adapters.dialects.openai_responses.content_rendering import ContentRenderer, plain_text
from adapters.dialects.openai_responses.vocabulary import FAMILY, ITEM, TOOL_ERROR
from adapters.dialects.places import Places
from domain.chat import repair
from domain.chat.content import (
    Audio,
    Document,
    Family,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Message, Role, is_plain_talk
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON, NO_EXT
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What was said: the standing instructions, None where there are none, the items, and what was lost."""

    instructions: str | None
    items: list[dict[str, JSON]]
    losses: tuple[Loss, ...]


def render_conversation(
    messages: tuple[Message, ...], target: Target, names: ToolNames, *, own: bool
) -> Conversation:
    """The conversation for `target`; `own`: it was written in this format, and goes back as it was.

    Raises UnsupportedFeature, with its path, for a part that the API does not take.
    """
    placed, told, losses = _repaired(messages, target.family, own=own)
    writer = _Writer(target, names, Places(placed), own=own)
    writer.write(told)
    if not own:
        writer.leave_out_idle_thoughts()
        if target.profile.cache_breakpoints:
            writer.limit_breakpoints()
    return Conversation(
        instructions="\n\n".join(writer.instructions) if writer.instructions else None,
        items=writer.items,
        losses=(*losses, *writer.losses),
    )


def _repaired(
    messages: tuple[Message, ...], family: Family, *, own: bool
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Loss, ...]]:
    """The messages each in its place, the same as they are told, and what was lost."""
    if is_plain_talk(messages):
        return messages, messages, ()
    if own:
        told, losses = repairs.without_sealed(messages, family)
        return told, told, losses
    placed, losses = repairs.aligned(messages, family)
    told, orphans = repair.without_orphans(placed)
    return placed, told, (*losses, *orphans, *lost_in_messages(messages, FAMILY))


@dataclass(slots=True)
class _Said:
    """A message item of the assistant while its parts are gathered."""

    members: dict[str, JSON] = field(default_factory=dict)
    parts: list[dict[str, JSON]] = field(default_factory=list)


class _Writer:
    """Writes messages as items; knows the thought that each reasoning item, by identity, came from."""

    def __init__(self, target: Target, names: ToolNames, places: Places, *, own: bool) -> None:
        self._names = names
        self._own = own
        self._places = places
        self._content = ContentRenderer(
            family=target.family, own=own, hints=target.profile.cache_breakpoints, pointer=places.pointer
        )
        self._custom_calls: set[str] = set()
        self._thoughts: dict[int, Reasoning] = {}
        self.losses = self._content.losses
        self.instructions: list[str] = []
        self.items: list[dict[str, JSON]] = []

    def write(self, messages: tuple[Message, ...]) -> None:
        """Append what `messages` say."""
        for message in messages:
            if message.standing:
                self._stand(message)
            elif text := message.plain_text:
                self.items.append({"role": message.role.value, "content": text})
            else:
                self.items.extend(self._items_of(message))

    def leave_out_idle_thoughts(self) -> None:
        """Remove reasoning that nothing follows which the model said."""
        if not self._thoughts:
            return
        for place in repairs.idle_thoughts(self.items):
            thought = self._thoughts[id(self.items.pop(place))]
            self._content.lose("dropped_reasoning", thought, "nothing of its turn follows it")

    def limit_breakpoints(self) -> None:
        """Leave no more breakpoints than the API takes."""
        for part in repairs.limit_breakpoints(self.items):
            self._content.lose(
                "dropped_cache_hint", self._content.marked[id(part)], "the API takes four", LossKind.HINT
            )

    def _items_of(self, message: Message) -> Iterator[dict[str, JSON]]:
        match message.role:
            case Role.ASSISTANT:
                return self._assistant(message)
            case Role.TOOL:
                return self._results(message)
            case Role.SYSTEM | Role.DEVELOPER | Role.USER:
                return self._spoken(message)
        assert_never(message.role)

    def _stand(self, message: Message) -> None:
        for part in message.parts:
            if not isinstance(part, Text):
                self._lose_part(part)
                continue
            if part.cache is not None:
                self._content.lose("dropped_cache_hint", part, "instructions take no marks", LossKind.HINT)
            if part.text or self._own:
                self.instructions.append(part.text)

    def _spoken(self, message: Message) -> Iterator[dict[str, JSON]]:
        said: list[Text | Image | Document | Audio] = []
        only_items = bool(message.parts)
        for part in message.parts:
            if isinstance(part, (Text, Image, Document, Audio)):
                said.append(part)
            elif isinstance(part, OpaquePart) and part.family == FAMILY:
                yield dict(part.raw)
            else:
                self._lose_part(part)
                only_items = False
        if said or not only_items:
            own = message.ext.get(FAMILY, {})
            yield {"role": message.role.value, "content": self._content.content(said), **own}

    def _assistant(self, message: Message) -> Iterator[dict[str, JSON]]:
        said: _Said | None = None
        for part in message.parts:
            if isinstance(part, (Text, Refusal)):
                opened = self._opened(part, said)
                if said is not None and opened is not said:
                    yield from self._message(said)
                said = opened
                self._say(part, said)
                continue
            if said is not None:
                yield from self._message(said)
                said = None
            yield from self._act(part)
        if said is not None:
            yield from self._message(said)

    def _opened(self, part: Text | Refusal, said: _Said | None) -> _Said:
        """The message item that `part` goes on with, or the one that it begins."""
        begun = None if part.ext is NO_EXT else part.ext.get(FAMILY, {}).get(ITEM)
        if begun is not None:
            return _Said(members=begun)
        return said or _Said()

    def _say(self, part: Text | Refusal, said: _Said) -> None:
        if isinstance(part, Text):
            said.parts.append(self._content.output_text(part, annotated=_is_full(said)))
            if not self._own:
                self._lose_with_text(part)
            return
        own = {name: value for name, value in part.ext.get(FAMILY, {}).items() if name != ITEM}
        if self._own:
            said.parts.append({"type": "refusal", "refusal": part.text, **own})
        else:
            said.parts.append({"type": "output_text", "text": part.text})
            self._content.lose("refusal_as_text", part, "only answers hold refusals", LossKind.HINT)

    def _lose_with_text(self, text: Text) -> None:
        if text.cache is not None:
            self._content.lose("dropped_cache_hint", text, "what the model said takes no marks", LossKind.HINT)

    def _message(self, said: _Said) -> Iterator[dict[str, JSON]]:
        """The message item. One that has no id must be of plain text: the type knows no other."""
        if not self._own:
            content: JSON = "".join(part["text"] for part in said.parts)
            if not content:
                return
        else:
            content = said.parts if _is_full(said) else plain_text(said.parts)
        yield {"role": Role.ASSISTANT.value, "content": content, **said.members}

    def _act(self, part: Part) -> Iterator[dict[str, JSON]]:
        match part:
            case ToolCall():
                yield self._call(part)
            case Reasoning():
                item = _reasoning(part)
                self._thoughts[id(item)] = part
                yield item
            case OpaquePart(family=family, raw=raw) if family == FAMILY:
                yield dict(raw)
            case _:
                self._lose_part(part)

    def _call(self, call: ToolCall) -> dict[str, JSON]:
        if call.cache is not None:
            self._content.lose("dropped_cache_hint", call, "calls take no marks", LossKind.HINT)
        own = call.ext.get(FAMILY, {})
        name = self._names.wire(call.name)
        if "namespace" in own:
            name = name.removeprefix(flattened(own["namespace"], ""))
        if call.kind == "custom":
            self._custom_calls.add(call.id)
            return {"type": CUSTOM_CALL, "call_id": call.id, "name": name, "input": call.raw, **own}
        arguments = call.raw if self._own or call.raw.strip() else "{}"
        return {"type": FUNCTION_CALL, "call_id": call.id, "name": name, "arguments": arguments, **own}

    def _results(self, message: Message) -> Iterator[dict[str, JSON]]:
        for part in message.parts:
            if isinstance(part, ToolResult):
                yield self._result(part)
            elif isinstance(part, OpaquePart) and part.family == FAMILY:
                yield dict(part.raw)
            else:
                self._lose_part(part)

    def _result(self, result: ToolResult) -> dict[str, JSON]:
        kind = CUSTOM_RESULT if result.call_id in self._custom_calls else FUNCTION_RESULT
        own = result.ext.get(FAMILY, {})
        return {"type": kind, "call_id": result.call_id, "output": self._output(result), **own}

    def _output(self, result: ToolResult) -> JSON:
        """A string where all is plain text, else a list; the wire tells errors only by what they say."""
        parts = result.parts
        if result.is_error:
            first, rest = (parts[0], parts[1:]) if parts and isinstance(parts[0], Text) else (Text(""), parts)
            parts = (replace(first, text=TOOL_ERROR + first.text), *rest)
        rendered = [self._content.part(part) for part in parts]
        if result.cache is not None:
            rendered = rendered or [{"type": "input_text", "text": ""}]
            self._content.mark(rendered[-1], result.cache, result)
        if not self._own and all(part.keys() == {"type", "text"} for part in rendered):
            return "\n".join(part["text"] for part in rendered)
        return plain_text(rendered) if rendered else ""

    def _lose_part(self, part: Part) -> None:
        code = "dropped_opaque_part" if isinstance(part, OpaquePart) else "dropped_media"
        self._content.lose(code, part, f"no word for {type(part).__name__.lower()} here")


def _is_full(said: _Said) -> bool:
    """Whether the item has the form of an answer, whose content is a list and whose texts tell their sources."""
    return "id" in said.members or "status" in said.members


def _reasoning(thought: Reasoning) -> dict[str, JSON]:
    """A thought that goes back to its own model: encrypted, or by the id under which it is stored."""
    told = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    raw = thought.form == "raw"
    item: dict[str, JSON] = {"type": "reasoning", "summary": [] if raw else told}
    if raw and thought.text:
        item["content"] = [{"type": "reasoning_text", "text": thought.text}]
    if thought.signature is not None:
        item["encrypted_content"] = thought.signature.value
    return {**item, **thought.ext.get(FAMILY, {})}
