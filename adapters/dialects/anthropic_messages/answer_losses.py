"""What of an answer told by events has no word in Messages."""

from typing import Final

from adapters.dialects.anthropic_messages.answer_shape import REFUSAL_CATEGORIES
from adapters.dialects.anthropic_messages.vocabulary import FAMILY
from domain.chat import events as ev
from domain.chat.content import Citation
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import Finish, FinishReason

_CAN_LOSE: Final = frozenset(
    {ev.BlockStarted, ev.Cited, ev.LogprobsDelta, ev.MediaAdded, ev.OpaqueAdded, ev.Finished}
)
_MESSAGE: Final = "/choices/0/message"
_ENDING: Final = "/choices/0/finish_reason"


def lost(event: StreamEvent) -> Loss | None:
    """What of `event` the wire cannot say; None where it says it all.

    The same for streamed and buffered answers. Every loss of one kind is equal.
    """
    if type(event) not in _CAN_LOSE:
        return None
    match event:
        case ev.BlockStarted(candidate=candidate) | ev.Finished(candidate=candidate) if candidate:
            return Loss("dropped_candidate", f"/choices/{candidate}", "there is one answer only")
        case ev.OpaqueAdded(_, part, candidate=0) if part.family != FAMILY:
            return Loss("dropped_opaque_part", _MESSAGE, "only its vendor understands it")
        case ev.MediaAdded(candidate=0):
            return Loss("dropped_media", _MESSAGE, "answers hold no pictures or sounds")
        case ev.Cited(_, citation, candidate=0):
            return _lost_of_citation(citation)
        case ev.LogprobsDelta(candidate=0):
            return Loss("dropped_logprobs", "/choices/0/logprobs", "there are none here", LossKind.HINT)
        case ev.Finished(finish):
            return _lost_of_ending(finish)
        case _:
            return None


def _lost_of_citation(citation: Citation) -> Loss | None:
    where = f"{_MESSAGE}/annotations"
    if FAMILY in citation.ext:
        return None
    if citation.kind != "url":
        return Loss("dropped_citation", where, "only addresses can be cited")
    if citation.start is not None or citation.end is not None:
        return Loss("shortened_citation", where, "the whole text is what cites", LossKind.HINT)
    return None


def _lost_of_ending(finish: Finish) -> Loss | None:
    if finish.reason is FinishReason.OTHER:
        return Loss("finish_reworded", _ENDING, "there is no word for it")
    if finish.reason is FinishReason.CONTENT_FILTER and finish.category not in {None, *REFUSAL_CATEGORIES}:
        return Loss("finish_reworded", _ENDING, "refusals have no such category", LossKind.HINT)
    return None
