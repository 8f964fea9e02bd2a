"""What of an answer has no place in a text."""

from typing import Final

from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import FinishReason

_CODES: Final = {
    BlockKind.REASONING: ("dropped_reasoning", "only text can be told", LossKind.HINT),
    BlockKind.TOOL_CALL: ("dropped_tool_call", "only text can be told", LossKind.CHANGE),
    BlockKind.MEDIA: ("dropped_media", "only text can be told", LossKind.CHANGE),
    BlockKind.OPAQUE: ("dropped_opaque_part", "only its vendor understands it", LossKind.CHANGE),
    BlockKind.REFUSAL: ("refusal_as_text", "there is no other place for it", LossKind.CHANGE),
}
_WITH_WORD: Final = frozenset({FinishReason.STOP, FinishReason.LENGTH, FinishReason.CONTENT_FILTER})


def lost(event: StreamEvent) -> Loss | None:
    """What of `event` the wire cannot say, streamed or buffered; None where it says it all."""
    match event:
        case ev.BlockStarted(kind=kind, candidate=candidate) if kind in _CODES:
            code, detail, weight = _CODES[kind]
            return Loss(code, f"/choices/{candidate}/text", detail, weight)
        case ev.Cited(candidate=candidate):
            return Loss("dropped_citation", f"/choices/{candidate}/text", "only text can be told")
        case ev.Finished(finish, candidate) if finish.reason not in _WITH_WORD:
            return Loss("finish_reworded", f"/choices/{candidate}/finish_reason", "there is no word for it")
        case _:
            return None
