"""systemInstruction and contents of a client → messages (ai.google.dev/api/caching#Content, 2026-11).

Clients of streams send back each chunk as a Content of its own: neighbours of the model are one turn here, and
what goes on from one of them into the next is one part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects.gemini.members import Members, left_over, merged, not_one_of
from adapters.dialects.gemini.part_parsing import is_minted, minted_id, parse_part, plain_text
from adapters.dialects.gemini.result_parsing import parse_result
from adapters.dialects.gemini.vocabulary import FAMILY
from domain.chat.content import Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT

_ASSISTANT: Final = Role.ASSISTANT
_MODEL: Final = "model"
_ROLES: Final = ("user", _MODEL)
_SPEAKERS: Final = MappingProxyType({"user": Role.USER, _MODEL: Role.ASSISTANT})
_OF_USERS: Final = (None, "user", "function")


Place: TypeAlias = tuple[int | None, int]
"""Where a part stood: the index of its content (None: beside them), and its own in there."""


class Conversation:
    """A conversation while it is read: the messages in their order, where each stood, and each one's parts."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.contents: list[int | None] = []
        self.places: list[tuple[Place, ...]] = []

    def add(self, message: Message, content: int | None, places: tuple[Place, ...]) -> None:
        """Append a message; what the model says next to what it said goes on with that."""
        if message.role is _ASSISTANT and self.messages and self.messages[-1].role is _ASSISTANT:
            self.messages[-1], self.places[-1] = _continued(self.messages[-1], self.places[-1], message, places)
            return
        self.messages.append(message)
        self.contents.append(content)
        self.places.append(places)

    def close_seals(self) -> None:
        """Put every thought that was told in pieces, its signature last, in one part again."""
        for index, message in enumerate(self.messages):
            if message.role is _ASSISTANT and any(_closes(part) for part in message.parts):
                self.messages[index], self.places[index] = _with_seals_closed(message, self.places[index])


def parse_contents(request: Members) -> tuple[Message, ...]:
    """The conversation in its order. Raises MalformedRequest with the path of what is wrong."""
    return tuple(parse_conversation(request).messages)


def parse_conversation(request: Members) -> Conversation:
    """The conversation, each message with its place."""
    said = Conversation()
    _add_instructions(request, said)
    reader = _Reader(said)
    path, contents = request.at("contents"), request.take_list("contents")
    if not contents:
        raise MalformedRequest(f"{path}: expected at least one content, got none.", param=path)
    all_plain = True
    for index, content in enumerate(contents):
        plain = _plain(content)
        if plain is not None:
            said.add(plain, index, ((index, 0),))
        else:
            all_plain = False
            reader.read(Members(content, f"{path}[{index}]"), index)
    if not all_plain:
        said.close_seals()
    return said


def _plain(content: JSON) -> Message | None:
    """A content of a speaker's role and a lone text; None for any other."""
    text = _lone_text(content)
    if text is None:
        return None
    role = content.get("role")
    speaker = _SPEAKERS.get(role) if isinstance(role, str) else None
    return None if speaker is None else Message(speaker, (text,))


def _lone_text(content: JSON) -> Text | None:
    """The text of a content that says nothing else, which most do; None for any other."""
    if not isinstance(content, dict) or len(content) != (2 if "role" in content else 1):
        return None
    parts = content.get("parts")
    return plain_text(parts[0]) if isinstance(parts, list) and len(parts) == 1 else None


def _add_instructions(request: Members, said: Conversation) -> None:
    """The standing instructions as one message, where there are any."""
    value, path = request.take("systemInstruction"), request.at("systemInstruction")
    if value is None:
        return
    content = _as_content(value)
    text = _lone_text(content)
    if text is not None:
        said.add(Message(Role.SYSTEM, (text,), standing=True), None, ((None, 0),))
        return
    instructions = Members(content, path)
    instructions.take("role")
    parts = [
        plain_text(part) or parse_part(Members(part, f"{path}.parts[{position}]"), part)
        for position, part in enumerate(instructions.take_list("parts"))
    ]
    message = Message(Role.SYSTEM, tuple(parts), standing=True, ext=instructions.leftovers())
    said.add(message, None, tuple([(None, position) for position in range(len(parts))]))


def _as_content(value: JSON) -> JSON:
    """Instructions as a Content, where they are written as a text, a part or a list of parts."""
    if isinstance(value, str):
        return {"parts": [{"text": value}]}
    if isinstance(value, list) or (isinstance(value, dict) and "text" in value):
        return {"parts": value}
    return value


class _Reader:
    """Reads contents into a conversation, one after the other; knows which calls wait for their results."""

    def __init__(self, said: Conversation) -> None:
        self._said = said
        self._waiting: list[ToolCall] = []

    def read(self, content: Members, index: int) -> None:
        """One content, which stands at `index`."""
        role = content.take("role")
        if role != _MODEL and role not in _OF_USERS:
            raise not_one_of(content.at("role"), _ROLES, role)
        path, is_model = content.at("parts"), role == _MODEL
        parts = [
            self._part(part, f"{path}[{position}]", is_model=is_model)
            for position, part in enumerate(content.take_list("parts"))
        ]
        ext = content.leftovers()
        spoken = Role.ASSISTANT if is_model else Role.USER
        if not any(isinstance(part, ToolResult) for part in parts):
            self._add(Message(spoken, tuple(parts), ext=ext), index, range(len(parts)))
            return
        for are_results, run in groupby(enumerate(parts), lambda each: isinstance(each[1], ToolResult)):
            positions, said = zip(*run, strict=True)
            self._add(Message(Role.TOOL if are_results else spoken, said, ext=ext), index, positions)
            ext = NO_EXT

    def _add(self, message: Message, content: int, positions: Iterable[int]) -> None:
        self._said.add(message, content, tuple([(content, position) for position in positions]))

    def _part(self, value: JSON, path: str, *, is_model: bool) -> Part:
        plain = plain_text(value)
        if plain is not None:
            return plain
        part = Members(value, path)
        response = part.take_object("functionResponse")
        if response is not None:
            return self._result(part, response)
        parsed = parse_part(part, value)
        if isinstance(parsed, ToolCall):
            if not is_model:
                raise MalformedRequest(
                    f"{path}.functionCall: expected calls in contents of the role model, got one of the user's.",
                    param=f"{path}.functionCall",
                )
            self._waiting.append(parsed)
        return parsed

    def _result(self, part: Members, response: Members) -> ToolResult:
        """A result, tied to the call with its id, or by its name to the first call that nobody answered yet."""
        call_id = response.take_text("id")
        name = response.take_text("name")
        if name is not None:
            response.put_back("name", name)
        call = next((each for each in self._waiting if each.id == call_id), None)
        if call is None:
            unnamed = (each for each in self._waiting if call_id is None or is_minted(each.id))
            call = next((each for each in unnamed if each.name == name), None)
            if call is not None and call_id is not None:
                response.put_back("id", call_id)
        if call is not None:
            self._waiting.remove(call)
            return parse_result(part, response, call.id)
        return parse_result(part, response, call_id or minted_id(part.path))


def _continued(
    earlier: Message, earlier_places: Sequence[Place], later: Message, later_places: Sequence[Place]
) -> tuple[Message, tuple[Place, ...]]:
    """Two neighbouring messages of the model as one."""
    parts, places = list(earlier.parts), list(earlier_places)
    for position, part in enumerate(later.parts):
        goes_on = position == 0 and bool(parts) and _goes_on(parts[-1], part)
        if goes_on:
            parts[-1] = _joined(parts[-1], part)
        else:
            parts.append(part)
            places.append(later_places[position])
    members = merged(left_over(earlier.ext), left_over(later.ext))
    message = replace(earlier, parts=tuple(parts), ext={FAMILY: members} if members else NO_EXT)
    return message, tuple(places)


def _with_seals_closed(message: Message, placed: Sequence[Place]) -> tuple[Message, tuple[Place, ...]]:
    """The message with the pieces of each thought joined.

    Only signatures from under a seal come so and sign all that precedes; Google's own stay on their own part.
    """
    parts: list[Part] = []
    places: list[Place] = []
    for part, place in zip(message.parts, placed, strict=True):
        whole, first = part, place
        while _closes(part) and parts and _goes_on(parts[-1], part):
            whole, first = _joined(parts.pop(), whole), places.pop()
        parts.append(whole)
        places.append(first)
    return replace(message, parts=tuple(parts)), tuple(places)


def _closes(part: Part) -> bool:
    """Whether it is nothing but another vendor's signature of the thought before it."""
    if not isinstance(part, Reasoning) or part.text or part.redacted or part.signature is None:
        return False
    return part.signature.family != FAMILY


def _goes_on(earlier: Part, later: Part) -> bool:
    """Whether two neighbours are pieces of one text or thought."""
    if isinstance(earlier, Reasoning) and isinstance(later, Reasoning):
        is_open = later.signature is None or _closes(later)
    else:
        is_open = isinstance(earlier, Text) and isinstance(later, Text) and later.signature is None
    if not is_open or not isinstance(earlier, (Text, Reasoning)) or not isinstance(later, (Text, Reasoning)):
        return False
    return earlier.signature is None and not earlier.ext and not later.ext


def _joined(earlier: Part, later: Part) -> Part:
    if isinstance(earlier, Text) and isinstance(later, Text):
        return replace(earlier, text=earlier.text + later.text)
    if isinstance(earlier, Reasoning) and isinstance(later, Reasoning):
        return replace(later, text=earlier.text + later.text)
    raise TypeError("only texts are joined with texts, and thoughts with thoughts")
