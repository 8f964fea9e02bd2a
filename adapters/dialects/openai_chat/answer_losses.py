"""What of an answer told by events has no word in Chat Completions."""

from typing import Final

from domain.chat import events as ev
from domain.chat.content import Citation, Inline, Opaque, Url
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import FinishReason

_CAN_LOSE: Final = frozenset(
    {ev.BlockStarted, ev.TextSigned, ev.Cited, ev.MediaAdded, ev.OpaqueAdded, ev.Finished}
)
_WITHOUT_WORD: Final = frozenset({FinishReason.PAUSE, FinishReason.OTHER})
_GOOGLE: Final = "google"


def lost(event: StreamEvent) -> Loss | None:
    """What of `event` the wire cannot say; None where it says it all.

    The same for streamed and buffered answers. Every loss of one kind in one candidate is equal.
    """
    if type(event) not in _CAN_LOSE:
        return None
    match event:
        case ev.OpaqueAdded(candidate=candidate):
            return Loss("dropped_opaque_part", _message(candidate), "only its vendor understands it")
        case ev.MediaAdded(candidate=candidate) if not _can_show(event):
            return Loss("dropped_media", _message(candidate), "it has neither bytes nor an address")
        case ev.Cited(_, citation, candidate):
            return _lost_of_citation(citation, f"{_message(candidate)}/annotations")
        case (
            ev.TextSigned(signature=Opaque(family=family), candidate=candidate)
            | ev.BlockStarted(signature=Opaque(family=family), candidate=candidate)
        ) if family != _GOOGLE:
            return Loss("dropped_signature", _message(candidate), "only Google's has a place here", LossKind.HINT)
        case ev.Finished(finish, candidate) if finish.reason in _WITHOUT_WORD:
            return Loss("finish_reworded", f"/choices/{candidate}/finish_reason", "there is no word for it")
        case _:
            return None


def _message(candidate: int) -> str:
    return f"/choices/{candidate}/message"


def _can_show(added: ev.MediaAdded) -> bool:
    return isinstance(added.media, Inline) or (added.medium == "image" and isinstance(added.media, Url))


def _lost_of_citation(citation: Citation, where: str) -> Loss | None:
    if citation.kind != "url":
        return Loss("dropped_citation", where, "only addresses can be cited")
    if citation.cited_text or citation.ext:
        return Loss("shortened_citation", where, "an address is cited without the words", LossKind.HINT)
    return None
