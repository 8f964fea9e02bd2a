"""The `input` of a request → canonical messages.

One message per item of a system, developer or user. What the model did (messages, calls, thoughts, and items that
only this format knows) folds, item after item, into one assistant message, and results that follow one another
into one tool message. Where leftovers stand, and how message items inside a folded message are told apart, is
said in `vocabulary`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from adapters.dialects.openai_responses import call_items
from adapters.dialects.openai_responses.content_parts import INPUT_TEXT, OUTPUT_TEXT, parse_content
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from adapters.dialects.openai_responses.thought_items import parse_thought
from adapters.dialects.openai_responses.vocabulary import FAMILY, ITEM
from domain.chat.content import Opaque, OpaquePart, Part, Refusal, Text
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT, Ext

_MESSAGE: Final = "message"
_REASONING: Final = "reasoning"
_REFERENCE: Final = "item_reference"
_SPOKEN: Final = (Role.SYSTEM.value, Role.DEVELOPER.value, Role.USER.value)
_ROLES: Final = (*_SPOKEN, Role.ASSISTANT.value)
_SPEAKERS: Final = MappingProxyType(
    {role.value: role for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER, Role.ASSISTANT)}
)
_PLAIN: Final = (frozenset({"role", "content"}), frozenset({"type", "role", "content"}))
"""The members of a message that says nothing but a text."""
_RESULTS: Final = (call_items.FUNCTION_RESULT, call_items.CUSTOM_RESULT)


@dataclass(slots=True)
class Turn:
    """A message while items fold into it; `places` are the JSON pointers of its parts in the request's body."""

    role: Role
    place: str
    parts: list[Part]
    places: list[str]
    ext: Ext = NO_EXT
    standing: bool = False

    def add(self, part: Part, place: str) -> None:
        """Append a part that stands at `place`."""
        self.parts.append(part)
        self.places.append(place)

    def message(self) -> Message:
        """The finished message."""
        return Message(role=self.role, parts=tuple(self.parts), standing=self.standing, ext=self.ext)


def parse_conversation(request: Members, tool_names: Collection[str]) -> tuple[Turn, ...]:
    """`instructions` and `input`, in order; `tool_names` are those of the request's tools.

    Raises MalformedRequest with the path of what is wrong (`input[2].content[0].type`).
    """
    turns: list[Turn] = []
    instructions = request.take_text("instructions")
    if instructions:
        turns.append(_said(Role.SYSTEM, instructions, "/instructions", standing=True))
    whole = request.take("input")
    if isinstance(whole, str):
        turns.append(_said(Role.USER, whole, "/input"))
    elif isinstance(whole, list):
        reader = _Reader(tool_names)
        for index, value in enumerate(whole):
            place = f"/input/{index}"
            if not reader.read_plain(value, place):
                reader.read(Members(value, f"input[{index}]"), value, place)
        turns.extend(reader.turns)
    elif whole is not None:
        raise malformed("input", "a string or a list of items", whole)
    return tuple(turns)


def _said(role: Role, text: str, place: str, *, standing: bool = False) -> Turn:
    said = Turn(role, place, [], [], standing=standing)
    if text:
        said.add(Text(text=text), place)
    return said


class _Reader:
    """The conversation while its items are read."""

    def __init__(self, tool_names: Collection[str]) -> None:
        self.turns: list[Turn] = []
        self._tool_names = tool_names
        self._call_signature: Opaque | None = None

    def read_plain(self, item: JSON, place: str) -> bool:
        """Whether `item` was read, being a message of a role and a text alone, as most are."""
        if not isinstance(item, dict) or item.keys() not in _PLAIN or item.get("type", _MESSAGE) != _MESSAGE:
            return False
        role, text = item["role"], item["content"]
        if not text or not isinstance(text, str) or not isinstance(role, str) or role not in _SPEAKERS:
            return False
        speaker = _SPEAKERS[role]
        if speaker is Role.ASSISTANT:
            if self.turns and self.turns[-1].role is speaker:
                return False
            self._call_signature = None
        self.turns.append(Turn(speaker, place, [Text(text=text)], [f"{place}/content"]))
        return True

    def read(self, item: Members, whole: JSON, place: str) -> None:
        """One item; `whole` is all of it, `place` its pointer."""
        kind = item.take("type")
        if kind == _MESSAGE or (kind is None and "role" in item):
            self._read_message(item, whole, kind, place)
        elif kind == call_items.FUNCTION_CALL:
            self._add_call(item, place, custom=False)
        elif kind == call_items.CUSTOM_CALL:
            self._add_call(item, place, custom=True)
        elif kind in _RESULTS and "call_id" in item:
            self._turn(Role.TOOL, place).add(call_items.parse_result(item, kind), place)
        elif kind == _REASONING:
            self._read_thought(item, place)
        elif isinstance(kind, str) or (kind is None and "id" in item):
            self._add_opaque(kind or _REFERENCE, whole, place)
        elif kind is None:
            raise MalformedRequest(f"{item.path}: expected a role, a type or an id, got none.", param=item.path)
        else:
            raise malformed(item.at("type"), "a string", kind)

    def _turn(self, role: Role, place: str) -> Turn:
        """The message that goes on, where it is `role`'s, or another."""
        if not self.turns or self.turns[-1].role is not role:
            self._call_signature = None
            self.turns.append(Turn(role, place, [], []))
        return self.turns[-1]

    def _read_message(self, item: Members, whole: JSON, kind: JSON, place: str) -> None:
        role, path, content = item.take("role"), item.at("content"), item.take("content")
        if role not in _ROLES:
            raise not_one_of(item.at("role"), _ROLES, role)
        own = item.left()
        if own and kind is not None:
            own = {"type": kind, **own}
        at = f"{place}/content"
        if role == Role.ASSISTANT:
            self._add_said(parse_content(content, path, OUTPUT_TEXT), own, whole, place)
            return
        spoken = Turn(Role(role), place, [], [], ext={FAMILY: own} if own else NO_EXT)
        listed = isinstance(content, list)
        for index, part in enumerate(parse_content(content, path, INPUT_TEXT)):
            spoken.add(part, f"{at}/{index}" if listed else at)
        self.turns.append(spoken)

    def _add_said(self, parts: tuple[Part, ...], own: dict[str, JSON], whole: JSON, place: str) -> None:
        """A message item of the model's. One that says nothing is kept as it is."""
        if not parts:
            self._add_opaque(_MESSAGE, whole, place)
            return
        turn = self._turn(Role.ASSISTANT, place)
        first = parts[0]
        goes_on = bool(turn.parts) and isinstance(turn.parts[-1], (Text, Refusal))
        if isinstance(first, (Text, Refusal)) and (own or goes_on):
            first = replace(first, ext={**first.ext, FAMILY: {**first.ext.get(FAMILY, {}), ITEM: own}})
        listed = isinstance(whole["content"], list)
        for index, part in enumerate((first, *parts[1:])):
            turn.add(part, f"{place}/content/{index}" if listed else f"{place}/content")

    def _add_call(self, item: Members, place: str, *, custom: bool) -> None:
        turn = self._turn(Role.ASSISTANT, place)
        call = call_items.parse_call(item, "custom" if custom else "function", self._tool_names)
        if self._call_signature is not None:
            call, self._call_signature = replace(call, signature=self._call_signature), None
        turn.add(call, place)

    def _add_opaque(self, kind: str, whole: JSON, place: str) -> None:
        self._turn(Role.ASSISTANT, place).add(OpaquePart(family=FAMILY, kind=kind, raw=whole), place)

    def _read_thought(self, item: Members, place: str) -> None:
        turn, thought = self._turn(Role.ASSISTANT, place), parse_thought(item)
        if thought.reasoning is not None:
            turn.add(thought.reasoning, place)
        carried = thought.carried
        if carried is None or carried.signature is None:
            return
        if carried.bearer == "call":
            self._call_signature = carried.signature
        else:
            _sign_text(turn, carried.signature, place)


def _sign_text(turn: Turn, signature: Opaque, place: str) -> None:
    """A text's signature belongs to the last text before it; one without a text is an empty text's."""
    for index in range(len(turn.parts) - 1, -1, -1):
        part = turn.parts[index]
        if isinstance(part, Text):
            if part.signature is None:
                turn.parts[index] = replace(part, signature=signature)
                return
            break
    turn.add(Text(text="", signature=signature), place)
