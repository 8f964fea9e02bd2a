"""A conversation as this wire wants it: system blocks, then alternating user and assistant turns.

Source: https://platform.claude.com/docs/en/api/messages (2026-11).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from adapters.dialects.anthropic_messages.blocks import BlockRenderer
from adapters.dialects.anthropic_messages.turns import (
    Turn,
    append_turn,
    with_systems_placed,
    with_thoughts_first,
    with_user_first,
)
from adapters.dialects.anthropic_messages.vocabulary import CALL_ID, Block
from adapters.dialects.contract import Target
from domain.chat.content import Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.loss import Loss, path_of
from domain.chat.repair import wire_id, with_call_ids, without_foreign_reasoning, without_orphans
from domain.chat.request import INSTRUCTION_ROLES, Message, Role
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`system` blocks, the turns after them, and what changed on the way."""

    system: list[Block]
    turns: list[Turn]
    losses: tuple[Loss, ...]


def render_conversation(messages: tuple[Message, ...], target: Target, names: ToolNames) -> Conversation:
    """`messages` as the API takes them. Raises UnsupportedFeature, with its path, for a part it cannot take."""
    kept, foreign = without_foreign_reasoning(messages, target.family)
    fitted = with_call_ids(kept, CALL_ID)
    whole, orphans = without_orphans(fitted)
    losses = [*foreign, *orphans]
    places = _Places(fitted)

    def lost(code: str, part: Part, why: str) -> None:
        losses.append(Loss(code, places.pointer(part), why))

    writer = _Writer(BlockRenderer(family=target.family, names=names, lost=lost), fitted, places)
    leading = list(takewhile(_is_instruction, whole))
    system: list[Block] = []
    for message in leading:
        writer.write(message, system)
    told = writer.turns(_with_distinct_call_ids(whole[len(leading) :]), skipped=len(leading))
    turns, folded = with_systems_placed(told, allowed=target.profile.mid_system)
    first = with_user_first(turns, f"/messages/{len(leading)}" if told else "/messages")
    with_thoughts_first(turns)
    return Conversation(system=system, turns=turns, losses=(*losses, *folded, *first))


class _Writer:
    """Writes messages as blocks. `fitted` is index-aligned with the caller's messages."""

    def __init__(self, renderer: BlockRenderer, fitted: tuple[Message, ...], places: "_Places") -> None:
        self._renderer = renderer
        self._fitted = fitted
        self._places = places
        named = {message.name for message in fitted if message.role is Role.USER and message.name}
        self._tells_speakers_apart = len(named) > 1

    def turns(self, messages: Sequence[Message], *, skipped: int) -> list[Turn]:
        """The turns of `messages`, before which the caller had `skipped` instructions."""
        instructions = [index for index, message in enumerate(self._fitted) if _is_instruction(message)][skipped:]
        places = iter(instructions)
        turns: list[Turn] = []
        for message in messages:
            turn = Turn("assistant" if message.role is Role.ASSISTANT else "user", [])
            if _is_instruction(message):  # repairs keep instructions in their order, so the n-th is the n-th
                turn = Turn("system", [], (f"/messages/{next(places)}",))
            self.write(message, turn.blocks, earlier=turns[-1].blocks if turns else ())
            append_turn(turns, turn)
        return turns

    def write(self, message: Message, blocks: list[Block], *, earlier: Sequence[Block] = ()) -> None:
        """Append the blocks of `message`. Raises UnsupportedFeature with the path of the part at fault."""
        assistant = message.role is Role.ASSISTANT
        for part in self._parts(message):
            try:
                self._renderer.add(part, blocks, assistant=assistant, earlier=earlier)
            except UnsupportedFeature as refused:
                refused.param = path_of(self._places.pointer(part))
                raise

    def _parts(self, message: Message) -> tuple[Part, ...]:
        if not (self._tells_speakers_apart and message.role is Role.USER and message.name and message.parts):
            return message.parts
        first, *rest = message.parts
        if isinstance(first, Text):
            return (replace(first, text=f"{message.name}: {first.text}"), *rest)
        return (Text(text=f"{message.name}:"), first, *rest)


class _Places:
    """Where parts, by identity, stand in `messages`, in the names of an OpenAI chat request.

    Looked through once, and only where something is lost or refused: the way of a good request stays short.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._pointers: dict[int, str] | None = None

    def pointer(self, part: Part) -> str:
        """The JSON pointer to `part`; to all messages where it is not the caller's."""
        if self._pointers is None:
            self._pointers = dict(self._all())
        return self._pointers.get(id(part), "/messages")

    def _all(self) -> Iterator[tuple[int, str]]:
        for index, message in enumerate(self._messages):
            calls = [one for one in message.parts if isinstance(one, ToolCall)]
            contents = [one for one in message.parts if not isinstance(one, (ToolCall, Reasoning))]
            for member, parts in (("tool_calls", calls), ("content", contents)):
                for place, part in enumerate(parts):
                    yield id(part), f"/messages/{index}/{member}/{place}"


def _is_instruction(message: Message) -> bool:
    return message.role in INSTRUCTION_ROLES


def _with_distinct_call_ids(messages: Sequence[Message]) -> Sequence[Message]:
    """`messages` in which no two calls share an id, which the API refuses; some clients count from 0 every turn.

    Every calling message is followed by its results in the order of its calls.
    """
    uses = Counter(part.id for message in messages for part in message.parts if isinstance(part, ToolCall))
    if all(count == 1 for count in uses.values()):
        return messages
    seen: Counter[str] = Counter()
    answers: list[str] = []
    out: list[Message] = []
    for message in messages:
        parts: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                seen[part.id] += 1
                answers.append(part.id if seen[part.id] == 1 else _again(part.id, seen[part.id]))
                parts.append(replace(part, id=answers[-1]))
            elif isinstance(part, ToolResult):
                parts.append(replace(part, call_id=answers.pop(0)))
            else:
                parts.append(part)
        out.append(replace(message, parts=tuple(parts)))
    return out


def _again(call_id: str, time: int) -> str:
    """The id of a later call that took `call_id` once more."""
    return wire_id(f"{call_id} {time}", CALL_ID)
