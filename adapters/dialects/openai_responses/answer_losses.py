"""What of an answer told by events has no word in Responses."""

from typing import Final

from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat import events as ev
from domain.chat.content import Citation, Inline
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import Finish, FinishReason

_CAN_LOSE: Final = frozenset({ev.Cited, ev.MediaAdded, ev.OpaqueAdded, ev.Finished})
_WITHOUT_WORD: Final = frozenset({FinishReason.PAUSE, FinishReason.OTHER})


def lost(event: StreamEvent) -> Loss | None:
    """What of `event` the wire cannot say; None where it says it all.

    The same for streamed and buffered answers. Every loss of one kind in one candidate is equal. Signatures are no
    losses: those of other vendors travel sealed.
    """
    if type(event) not in _CAN_LOSE:
        return None
    match event:
        case ev.Finished(candidate=candidate) if candidate:
            return Loss("dropped_candidate", f"/choices/{candidate}", "there is room for one answer")
        case ev.OpaqueAdded(_, part, candidate) if part.family != FAMILY:
            return Loss("dropped_opaque_part", _message(candidate), "only its vendor understands it")
        case ev.MediaAdded(candidate=candidate) if not _can_show(event):
            return Loss("dropped_media", _message(candidate), "only pictures with their bytes have a place here")
        case ev.Cited(_, citation, candidate):
            return _lost_of_citation(citation, f"{_message(candidate)}/annotations")
        case ev.Finished(finish, candidate):
            return _lost_of_ending(finish, f"/choices/{candidate}/finish_reason")
        case _:
            return None


def _message(candidate: int) -> str:
    return f"/choices/{candidate}/message"


def _can_show(added: ev.MediaAdded) -> bool:
    return added.medium == "image" and isinstance(added.media, Inline)


def _lost_of_citation(citation: Citation, where: str) -> Loss | None:
    if citation.kind != "url" and FAMILY not in citation.ext:
        return Loss("dropped_citation", where, "only addresses can be cited")
    if citation.cited_text or any(family != FAMILY for family in citation.ext):
        return Loss("shortened_citation", where, "an address is cited without the words", LossKind.HINT)
    return None


def _lost_of_ending(finish: Finish, where: str) -> Loss | None:
    if finish.reason in _WITHOUT_WORD:
        return Loss("finish_reworded", where, "there is no word for it")
    if finish.stop_sequence is not None or (finish.explanation and finish.detail != "refusal"):
        return Loss("shortened_ending", where, "it is told without what the upstream says of it", LossKind.HINT)
    return None
