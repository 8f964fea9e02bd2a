"""Turns on the wire: who speaks, in which order, and what an order that the API refuses becomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from adapters.dialects.anthropic_messages.vocabulary import Block, text_block
from domain.chat.loss import Loss

PLACEHOLDER: Final = "."
"""What a user says who must speak and said nothing."""

_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})


@dataclass(slots=True)
class Turn:
    """One message of the wire. `at`: JSON pointers to the caller's messages, kept for system turns."""

    role: Literal["user", "assistant", "system"]
    blocks: list[Block]
    at: tuple[str, ...] = ()

    def rendered(self) -> Block:
        """The message."""
        return {"role": self.role, "content": self.blocks}


def append_turn(turns: list[Turn], turn: Turn) -> None:
    """Add `turn`, into the last one where the same role speaks on; only users may say nothing."""
    if not turn.blocks and turn.role != "user":
        return
    if turns and turns[-1].role == turn.role:
        turns[-1].blocks.extend(turn.blocks)
        turns[-1].at += turn.at
    else:
        turns.append(turn)


def with_systems_placed(turns: Sequence[Turn], *, allowed: bool) -> tuple[list[Turn], tuple[Loss, ...]]:
    """`turns` with system turns where the API takes them, else as user text in the same place.

    It takes them, of models that do at all, after a user turn and before an assistant turn or the end. They
    never move up: that would change what the instructions are about, and spoil the cached prefix.
    """
    if "system" not in [turn.role for turn in turns]:
        return list(turns), ()
    placed: list[Turn] = []
    losses: list[Loss] = []
    for index, turn in enumerate(turns):
        if turn.role != "system":
            append_turn(placed, turn)
            continue
        before_assistant = index + 1 == len(turns) or turns[index + 1].role == "assistant"
        if allowed and before_assistant and placed and placed[-1].role == "user":
            placed.append(turn)
            continue
        losses.extend(Loss("system_folded", at, "an instruction inside the conversation") for at in turn.at)
        append_turn(placed, Turn("user", [_folded(block) for block in turn.blocks]))
    return placed, tuple(losses)


def with_user_first(turns: list[Turn], at: str) -> tuple[Loss, ...]:
    """Make the user speak first, and everybody who speaks say something. `at`: where the first turn stood."""
    losses: list[Loss] = []
    for turn in turns:
        if not turn.blocks:
            turn.blocks.append(text_block(PLACEHOLDER))
            losses.append(Loss("empty_message", "/messages", "an empty turn is refused; it got a dot"))
    if turns and turns[0].role == "user":
        return tuple(losses)
    code, why = ("leading_assistant", "the user must speak first") if turns else ("no_user_turn", "nobody speaks")
    turns.insert(0, Turn("user", [text_block(PLACEHOLDER)]))
    return (*losses, Loss(code, at, why))


def with_good_end(turns: list[Turn], *, prefill: bool, last: int) -> tuple[Loss, ...]:
    """Make the last turn one that the API answers.

    prefill: an assistant's text may be continued. last: the index of the caller's last message.
    """
    turn = turns[-1]
    if turn.role != "assistant":
        return ()
    ends_with = turn.blocks[-1]["type"]
    if ends_with == "text" and prefill:
        turn.blocks[-1]["text"] = turn.blocks[-1]["text"].rstrip()
        return ()
    if ends_with != "text" and ends_with not in _THOUGHTS:
        return ()  # a paused turn goes on from its server tools
    turns.append(Turn("user", [text_block(PLACEHOLDER)]))
    where = f"/messages/{last}"
    return (Loss("prefill_not_continued", where, "the answer does not continue the assistant's last message"),)


def with_thoughts_first(turns: Iterable[Turn]) -> None:
    """Put the thoughts of assistant turns that begin with something else in front, in their order."""
    for turn in turns:
        if turn.role == "assistant" and turn.blocks[0]["type"] not in _THOUGHTS:
            turn.blocks.sort(key=lambda block: block["type"] not in _THOUGHTS)


def has_thoughts(turns: Sequence[Turn]) -> bool:
    """Whether the tool calls that the answer continues have the thoughts before them; True without such calls."""
    first: Turn | None = None
    for turn in reversed(turns):
        if turn.role == "assistant":
            first = turn
        elif turn.role == "user" and all(block["type"] != "tool_result" for block in turn.blocks):
            break
    return first is None or first.blocks[0]["type"] in _THOUGHTS


def called_tools(turns: Iterable[Turn]) -> list[str]:
    """The wire names of the tools that the conversation calls, each once, in order."""
    return list(
        dict.fromkeys(block["name"] for turn in turns for block in turn.blocks if block["type"] == "tool_use")
    )


def _folded(block: Block) -> Block:
    """The block of an instruction, which is its turn's alone, as one of the user's."""
    block["text"] = f"<system>{block['text']}</system>"
    return block
