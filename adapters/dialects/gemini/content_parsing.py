"""systemInstruction and contents of a client → messages (ai.google.dev/api/caching#Content, 2026-11).

Clients of streams send back each chunk as a Content of its own: neighbours of the model are one turn here, and
what goes on from one of them into the next is one part.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

from adapters.dialects.gemini.members import Members, left_over, merged, not_one_of
from adapters.dialects.gemini.part_parsing import is_minted, minted_id, parse_part, plain_text
from adapters.dialects.gemini.result_parsing import parse_result
from adapters.dialects.gemini.vocabulary import FAMILY
from domain.chat.content import Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT

_MODEL: Final = "model"
_ROLES: Final = ("user", _MODEL)
_SPEAKERS: Final = MappingProxyType({"user": Role.USER, _MODEL: Role.ASSISTANT})
_ROLE_AND_PARTS: Final = 2
"""How many members a content has."""
_OF_USERS: Final = (None, "user", "function")


@dataclass(slots=True)
class Turn:
    """A message, and where it and its parts stood: indexes of `contents` (None: beside them) and of `parts`."""

    message: Message
    content: int | None
    places: tuple[tuple[int | None, int], ...]


def parse_contents(request: Members) -> tuple[Message, ...]:
    """The conversation in its order. Raises MalformedRequest with the path of what is wrong."""
    return tuple([turn.message for turn in parse_turns(request)])


def parse_turns(request: Members) -> list[Turn]:
    """The conversation, each message with its place."""
    turns = _instructions(request)
    reader = _Reader()
    index = -1
    path = request.at("contents")
    for index, content in enumerate(request.take_list("contents")):
        plain = _plain(content, index)
        for turn in (plain,) if plain is not None else reader.read(Members(content, f"{path}[{index}]"), index):
            is_model = turn.message.role is Role.ASSISTANT
            if is_model and turns and turns[-1].message.role is Role.ASSISTANT:
                turns[-1] = _continued(turns[-1], turn)
            else:
                turns.append(turn)
    if index < 0:
        raise MalformedRequest(f"{path}: expected at least one content, got none.", param=path)
    return [_with_seals_closed(turn) if len(turn.message.parts) > 1 else turn for turn in turns]


def _plain(content: JSON, index: int) -> Turn | None:
    """A content of a role and one text alone, which most are; None for any other."""
    if not isinstance(content, dict) or len(content) != _ROLE_AND_PARTS:
        return None
    role, parts = content.get("role"), content.get("parts")
    if not isinstance(role, str) or role not in _SPEAKERS or not isinstance(parts, list) or len(parts) != 1:
        return None
    text = plain_text(parts[0])
    return None if text is None else Turn(Message(role=_SPEAKERS[role], parts=(text,)), index, ((index, 0),))


def _instructions(request: Members) -> list[Turn]:
    """The standing instructions as one turn, or none."""
    value, path = request.take("systemInstruction"), request.at("systemInstruction")
    if value is None:
        return []
    content = Members(_as_content(value), path)
    content.take("role")
    parts = [
        plain_text(part) or parse_part(Members(part, f"{path}.parts[{position}]"), part)
        for position, part in enumerate(content.take_list("parts"))
    ]
    message = Message(role=Role.SYSTEM, parts=tuple(parts), standing=True, ext=content.leftovers())
    return [Turn(message, None, tuple([(None, position) for position in range(len(parts))]))]


def _as_content(value: JSON) -> JSON:
    """Instructions as a Content, where they are written as a text, a part or a list of parts."""
    if isinstance(value, str):
        return {"parts": [{"text": value}]}
    if isinstance(value, list) or (isinstance(value, dict) and "text" in value):
        return {"parts": value}
    return value


@dataclass(slots=True)
class _Reader:
    """Reads contents one after the other; knows which calls wait for their results."""

    waiting: list[ToolCall] = field(default_factory=list)

    def read(self, content: Members, index: int) -> Iterator[Turn]:
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
            yield _turn(Message(role=spoken, parts=tuple(parts), ext=ext), index, range(len(parts)))
            return
        for are_results, run in groupby(enumerate(parts), lambda each: isinstance(each[1], ToolResult)):
            places, said = zip(*run, strict=True)
            yield _turn(Message(role=Role.TOOL if are_results else spoken, parts=said, ext=ext), index, places)
            ext = NO_EXT

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
            self.waiting.append(parsed)
        return parsed

    def _result(self, part: Members, response: Members) -> ToolResult:
        """A result, tied to the call with its id, or by its name to the first call that nobody answered yet."""
        call_id = response.take_text("id")
        name = response.take_text("name")
        if name is not None:
            response.put_back("name", name)
        call = next((each for each in self.waiting if each.id == call_id), None)
        if call is None:
            unnamed = (each for each in self.waiting if call_id is None or is_minted(each.id))
            call = next((each for each in unnamed if each.name == name), None)
            if call is not None and call_id is not None:
                response.put_back("id", call_id)
        if call is not None:
            self.waiting.remove(call)
            return parse_result(part, response, call.id)
        return parse_result(part, response, call_id or minted_id(part.path))


def _turn(message: Message, content: int, positions: Iterable[int]) -> Turn:
    return Turn(message, content, tuple((content, position) for position in positions))


def _continued(earlier: Turn, later: Turn) -> Turn:
    """Two neighbouring turns of the model as one."""
    parts, places = list(earlier.message.parts), list(earlier.places)
    for position, part in enumerate(later.message.parts):
        goes_on = position == 0 and bool(parts) and _goes_on(parts[-1], part)
        if goes_on:
            parts[-1] = _joined(parts[-1], part)
        else:
            parts.append(part)
            places.append(later.places[position])
    members = merged(left_over(earlier.message.ext), left_over(later.message.ext))
    message = replace(earlier.message, parts=tuple(parts), ext={FAMILY: members} if members else NO_EXT)
    return Turn(message, earlier.content, tuple(places))


def _with_seals_closed(turn: Turn) -> Turn:
    """The turn with every thought that was told in pieces, its signature last, in one part again.

    Only signatures from under a seal come so and sign all that precedes; Google's own stay on their own part.
    """
    is_model = turn.message.role is Role.ASSISTANT
    if not is_model or not any(_closes(part) for part in turn.message.parts):
        return turn
    parts: list[Part] = []
    places: list[tuple[int | None, int]] = []
    for part, place in zip(turn.message.parts, turn.places, strict=True):
        whole, first = part, place
        while _closes(part) and parts and _goes_on(parts[-1], part):
            whole, first = _joined(parts.pop(), whole), places.pop()
        parts.append(whole)
        places.append(first)
    return Turn(replace(turn.message, parts=tuple(parts)), turn.content, tuple(places))


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
