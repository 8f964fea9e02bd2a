"""A conversation as this wire wants it: system blocks, then alternating user and assistant turns.

Source: https://platform.claude.com/docs/en/api/messages (2026-11).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal

from adapters.dialects.anthropic_messages.blocks import BlockRenderer
from adapters.dialects.anthropic_messages.cache_hints import CacheMarks
from adapters.dialects.anthropic_messages.turns import (
    Turn,
    append_turn,
    with_systems_placed,
    with_thoughts_first,
    with_user_first,
)
from adapters.dialects.anthropic_messages.vocabulary import CALL_ID, FAMILY, Block, text_block
from adapters.dialects.contract import Target
from adapters.dialects.leftovers import lost_in_messages
from adapters.dialects.places import Places, parts_within
from domain.chat.content import Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.loss import Loss, LossKind, path_of
from domain.chat.repair import wire_id, with_call_ids, without_foreign_reasoning, without_orphans
from domain.chat.request import INSTRUCTION_ROLES, Message, Role, is_plain_talk
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.values import dataclass

_SPEAKERS: Final = MappingProxyType[Role, Literal["user", "assistant", "system"]](
    {
        Role.SYSTEM: "system",
        Role.DEVELOPER: "system",
        Role.USER: "user",
        Role.ASSISTANT: "assistant",
        Role.TOOL: "user",
    }
)
_CALLING: Final = frozenset({ToolCall, ToolResult})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`system` blocks, the turns after them, the cache hints on both, and what changed on the way.

    plain: there is nothing but texts in it, and no mark on any.
    """

    system: list[Block]
    turns: list[Turn]
    marks: CacheMarks
    plain: bool
    losses: tuple[Loss, ...]


def render_conversation(messages: tuple[Message, ...], target: Target, names: ToolNames) -> Conversation:
    """`messages` as the API takes them. Raises UnsupportedFeature, with its path, for a part it cannot take."""
    plain = is_plain_talk(messages)
    losses: list[Loss] = []
    fitted, whole = (messages, messages) if plain else _repaired(messages, target, losses)
    places = Places(fitted)

    def lost(code: str, part: Part, why: str, kind: LossKind) -> None:
        losses.append(Loss(code, places.pointer(part), why, kind))

    marks = CacheMarks(places)
    renderer = BlockRenderer(family=target.family, names=names, marks=marks, lost=lost)
    writer = _Writer(renderer, fitted, places)
    if not plain:
        losses.extend(
            Loss("dropped_param", f"/messages/{index}/name", "there are no names here", LossKind.HINT)
            for index, message in enumerate(messages)
            if message.name is not None and not writer.names_speaker(message)
        )
    system: list[Block] = []
    leading = 0
    while leading < len(whole) and whole[leading].role in INSTRUCTION_ROLES:
        writer.write(whole[leading], system)
        leading += 1
    told = writer.turns(whole[leading:], skipped=leading)
    turns, folded = with_systems_placed(told, allowed=target.profile.mid_system)
    first = with_user_first(turns, f"/messages/{leading}" if told else "/messages")
    if not plain:
        with_thoughts_first(turns)
    return Conversation(system=system, turns=turns, marks=marks, plain=plain, losses=(*losses, *folded, *first))


def _repaired(
    messages: tuple[Message, ...], target: Target, losses: list[Loss]
) -> tuple[tuple[Message, ...], Sequence[Message]]:
    """A conversation the API takes, as it stands like the caller's, and with the result of each call after it."""
    kinds = {type(part) for message in messages for part in message.parts}
    fitted = messages
    if Reasoning in kinds:
        fitted, foreign = without_foreign_reasoning(fitted, target.family)
        losses.extend(foreign)
    losses.extend(_lost_signatures(messages))
    losses.extend(lost_in_messages(messages, FAMILY))
    if kinds.isdisjoint(_CALLING):
        return fitted, fitted
    fitted = with_call_ids(fitted, CALL_ID)
    whole, orphans = without_orphans(fitted)
    losses.extend(orphans)
    return fitted, _with_distinct_call_ids(whole)


class _Writer:
    """Writes messages as blocks. `fitted` is index-aligned with the caller's messages."""

    def __init__(self, renderer: BlockRenderer, fitted: tuple[Message, ...], places: Places) -> None:
        self._renderer = renderer
        self._fitted = fitted
        self._places = places
        named = {message.name for message in fitted if message.name and message.role is Role.USER}
        self._tells_speakers_apart = len(named) > 1

    def turns(self, messages: Sequence[Message], *, skipped: int) -> list[Turn]:
        """The turns of `messages`, before which the caller had `skipped` instructions."""
        turns: list[Turn] = []
        instructions = skipped
        for message in messages:
            turn = Turn(_SPEAKERS[message.role], [])
            if turn.role == "system":
                turn.at = (self._place_of_instruction(instructions),)
                instructions += 1
            self.write(message, turn.blocks, earlier=turns[-1].blocks if turns else ())
            append_turn(turns, turn)
        return turns

    def _place_of_instruction(self, number: int) -> str:
        """Repairs keep instructions in their order, so the n-th of the conversation is the caller's n-th."""
        instructions = [index for index, each in enumerate(self._fitted) if each.role in INSTRUCTION_ROLES]
        return f"/messages/{instructions[number]}"

    def write(self, message: Message, blocks: list[Block], *, earlier: Sequence[Block] = ()) -> None:
        """Append the blocks of `message`. Raises UnsupportedFeature with the path of the part at fault."""
        text = message.plain_text
        if text and not text.isspace():
            blocks.append(text_block(text))
            return
        for part in self._parts(message) if self._tells_speakers_apart else message.parts:
            try:
                self._renderer.add(part, blocks, role=message.role, earlier=earlier)
            except UnsupportedFeature as refused:
                refused.param = path_of(self._places.pointer(part))
                raise

    def names_speaker(self, message: Message) -> bool:
        """Whether what is said begins with the speaker's name."""
        return bool(self._tells_speakers_apart and message.role is Role.USER and message.name and message.parts)

    def _parts(self, message: Message) -> tuple[Part, ...]:
        if not self.names_speaker(message):
            return message.parts
        first, *rest = message.parts
        if isinstance(first, Text):
            return (replace(first, text=f"{message.name}: {first.text}"), *rest)
        return (Text(f"{message.name}:"), first, *rest)


def _lost_signatures(messages: Sequence[Message]) -> Iterator[Loss]:
    """A loss for each signature of another vendor's on a text or a call: this wire has them on thoughts alone."""
    places = Places(messages)
    for message in messages:
        for part in parts_within(message):
            if isinstance(part, (Text, ToolCall)) and part.signature is not None:
                why = f"signed by {part.signature.family}"
                yield Loss("dropped_signature", places.pointer(part), why, LossKind.HINT)


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
