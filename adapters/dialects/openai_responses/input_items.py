"""The `input` of a request → canonical messages.

One message per item of a system, developer or user. What the model did (messages, calls, thoughts, and items that
only this format knows) folds, item after item, into one assistant message, and results that follow one another
into one tool message. Where leftovers stand, and how message items inside a folded message are told apart, is
said in `vocabulary`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects.openai_responses import call_items
from adapters.dialects.openai_responses.content_parts import INPUT_TEXT, OUTPUT_TEXT, parse_content
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from adapters.dialects.openai_responses.thought_items import parse_thought
from adapters.dialects.openai_responses.vocabulary import FAMILY, ITEM
from domain.chat.content import Opaque, OpaquePart, Part, Refusal, Text
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT

_MODEL: Final = Role.ASSISTANT
_MESSAGE: Final = "message"
_REASONING: Final = "reasoning"
_REFERENCE: Final = "item_reference"
_SPOKEN: Final = (Role.SYSTEM.value, Role.DEVELOPER.value, Role.USER.value)
_ROLES: Final = (*_SPOKEN, Role.ASSISTANT.value)
_SPEAKERS: Final = MappingProxyType(
    {role.value: role for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER, Role.ASSISTANT)}
)
_RESULTS: Final = (call_items.FUNCTION_RESULT, call_items.CUSTOM_RESULT)


@dataclass(slots=True)
class _Run:
    """What the model did, or what its calls returned, while items fold into one message."""

    role: Role
    place: str
    parts: list[Part] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def add(self, part: Part, place: str) -> None:
        """Append a part that stands at `place`."""
        self.parts.append(part)
        self.places.append(place)


Told: TypeAlias = tuple[Message, str, Sequence[str]]
"""A message, and the JSON pointers of it and of its parts in the request's body."""


def parse_conversation(request: Members, tool_names: Collection[str]) -> list[Told]:
    """`instructions` and `input`, in order; `tool_names` are those of the request's tools.

    Raises MalformedRequest with the path of what is wrong (`input[2].content[0].type`).
    """
    said: list[Told] = []
    instructions = request.take_text("instructions")
    if instructions:
        standing = Message(Role.SYSTEM, (Text(instructions),), standing=True)
        said.append((standing, "/instructions", ("/instructions",)))
    whole = request.take("input")
    if isinstance(whole, str):
        parts = (Text(whole),) if whole else ()
        said.append((Message(Role.USER, parts), "/input", ["/input" for _ in parts]))
    elif isinstance(whole, list):
        reader = _Reader(said, tool_names)
        for index, value in enumerate(whole):
            place = f"/input/{index}"
            if not reader.read_plain(value, place):
                reader.read(Members(value, f"input[{index}]"), value, place)
        reader.close_run()
    elif whole is not None:
        raise malformed("input", "a string or a list of items", whole)
    return said


class _Reader:
    """Reads items, one after the other, and appends to `said` what they tell."""

    def __init__(self, said: list[Told], tool_names: Collection[str]) -> None:
        self._said = said
        self._tool_names = tool_names
        self._run: _Run | None = None
        self._call_signature: Opaque | None = None

    def read_plain(self, item: JSON, place: str) -> bool:
        """Whether `item` was read, being a message of a role and a text alone, as most are."""
        if not isinstance(item, dict) or len(item) != (3 if item.get("type") == _MESSAGE else 2):
            return False
        role, text = item.get("role"), item.get("content")
        speaker = _SPEAKERS.get(role) if isinstance(role, str) else None
        if speaker is None or not text or not isinstance(text, str):
            return False
        if self._run is not None:
            if self._run.role is speaker:
                return False
            self.close_run()
        if speaker is _MODEL:
            self._opened(speaker, place).add(Text(text), f"{place}/content")
        else:
            self._said.append((Message(speaker, (Text(text),)), place, (f"{place}/content",)))
        return True

    def close_run(self) -> None:
        """Nothing more folds into the message that items fold into, if there is one."""
        run, self._run = self._run, None
        if run is not None:
            self._said.append((Message(run.role, tuple(run.parts)), run.place, run.places))

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
            self._opened(Role.TOOL, place).add(call_items.parse_result(item, kind), place)
        elif kind == _REASONING:
            self._read_thought(item, place)
        elif isinstance(kind, str) or (kind is None and "id" in item):
            self._add_opaque(kind or _REFERENCE, whole, place)
        elif kind is None:
            raise MalformedRequest(f"{item.path}: expected a role, a type or an id, got none.", param=item.path)
        else:
            raise malformed(item.at("type"), "a string", kind)

    def _opened(self, role: Role, place: str) -> _Run:
        """The run that goes on, where it is `role`'s, or another that begins at `place`."""
        run = self._run
        if run is None or run.role is not role:
            self.close_run()
            self._call_signature = None
            run = self._run = _Run(role, place)
        return run

    def _read_message(self, item: Members, whole: JSON, kind: JSON, place: str) -> None:
        role, path, content = item.take("role"), item.at("content"), item.take("content")
        if role not in _ROLES:
            raise not_one_of(item.at("role"), _ROLES, role)
        own = item.left()
        if own and kind is not None:
            own = {"type": kind, **own}
        at = f"{place}/content"
        if role == _MODEL:
            self._add_said(parse_content(content, path, OUTPUT_TEXT), own, whole, place)
            return
        parts = parse_content(content, path, INPUT_TEXT)
        places = [f"{at}/{index}" if isinstance(content, list) else at for index in range(len(parts))]
        self.close_run()
        message = Message(Role(role), parts, ext={FAMILY: own} if own else NO_EXT)
        self._said.append((message, place, places))

    def _add_said(self, parts: tuple[Part, ...], own: dict[str, JSON], whole: JSON, place: str) -> None:
        """A message item of the model's. One that says nothing is kept as it is."""
        if not parts:
            self._add_opaque(_MESSAGE, whole, place)
            return
        run = self._opened(_MODEL, place)
        first = parts[0]
        goes_on = bool(run.parts) and isinstance(run.parts[-1], (Text, Refusal))
        if isinstance(first, (Text, Refusal)) and (own or goes_on):
            first = replace(first, ext={**first.ext, FAMILY: {**first.ext.get(FAMILY, {}), ITEM: own}})
        listed = isinstance(whole["content"], list)
        for index, part in enumerate((first, *parts[1:])):
            run.add(part, f"{place}/content/{index}" if listed else f"{place}/content")

    def _add_call(self, item: Members, place: str, *, custom: bool) -> None:
        run = self._opened(_MODEL, place)
        call = call_items.parse_call(item, "custom" if custom else "function", self._tool_names)
        if self._call_signature is not None:
            call, self._call_signature = replace(call, signature=self._call_signature), None
        run.add(call, place)

    def _add_opaque(self, kind: str, whole: JSON, place: str) -> None:
        self._opened(_MODEL, place).add(OpaquePart(family=FAMILY, kind=kind, raw=whole), place)

    def _read_thought(self, item: Members, place: str) -> None:
        run, thought = self._opened(_MODEL, place), parse_thought(item)
        if thought.reasoning is not None:
            run.add(thought.reasoning, place)
        carried = thought.carried
        if carried is None or carried.signature is None:
            return
        if carried.bearer == "call":
            self._call_signature = carried.signature
        else:
            _sign_text(run, carried.signature, place)


def _sign_text(run: _Run, signature: Opaque, place: str) -> None:
    """A text's signature belongs to the last text before it; one without a text is an empty text's."""
    for index in range(len(run.parts) - 1, -1, -1):
        part = run.parts[index]
        if isinstance(part, Text):
            if part.signature is None:
                run.parts[index] = replace(part, signature=signature)
                return
            break
    run.add(Text("", signature=signature), place)
