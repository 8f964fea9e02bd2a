"""What of an answer told by events has no word in this dialect."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.gemini.grounding import CITABLE
from adapters.dialects.gemini.vocabulary import FAMILY
from domain.chat import events as ev
from domain.chat.content import Citation, Inline
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage

_CAN_LOSE: Final = frozenset({ev.Started, ev.Cited, ev.MediaAdded, ev.OpaqueAdded, ev.UsageReported, ev.Finished})
_PLAIN_TIERS: Final = frozenset({None, "auto", "default", "standard"})
_OWN_DETAILS: Final = MappingProxyType({FinishReason.LENGTH: "continuation", FinishReason.STOP: "refusal"})
"""Details of endings that have a word of their own; the others name what the word alone does not tell."""


def lost(event: StreamEvent) -> Loss | None:
    """What of `event` the wire cannot say, under the member where it would stand; None where it says it all.

    The same for streamed and buffered answers. Every loss of one kind in one candidate is equal.
    """
    if type(event) not in _CAN_LOSE:
        return None
    match event:
        case ev.Started(service_tier=tier) if tier not in _PLAIN_TIERS:
            return Loss("dropped_service_tier", "/serviceTier", "answers do not tell their tier", LossKind.HINT)
        case ev.OpaqueAdded(part=part, candidate=candidate) if part.family != FAMILY:
            return Loss("dropped_opaque_part", _content(candidate), "only its vendor understands it")
        case ev.MediaAdded(media=source, candidate=candidate) if not isinstance(source, Inline):
            return Loss("dropped_media", _content(candidate), "it has no bytes")
        case ev.MediaAdded(transcript=transcript, candidate=candidate) if transcript:
            return Loss("dropped_transcript", _content(candidate), "sound has no words beside it")
        case ev.Cited(_, citation, candidate):
            return _lost_of_citation(citation, f"/candidates/{candidate}/groundingMetadata")
        case ev.UsageReported(usage):
            return _lost_of_usage(usage)
        case ev.Finished(finish, candidate):
            return _lost_of_ending(finish, f"/candidates/{candidate}/finishReason")
        case _:
            return None


def _content(candidate: int) -> str:
    return f"/candidates/{candidate}/content"


def _lost_of_citation(citation: Citation, where: str) -> Loss | None:
    if citation.kind not in CITABLE:
        return Loss("dropped_citation", where, "only addresses and files can be cited")
    if citation.cited_text or citation.ext:
        return Loss("shortened_citation", where, "a source is cited without its own words", LossKind.HINT)
    return None


def _lost_of_usage(usage: Usage) -> Loss | None:
    apart = (usage.cache_write_tokens, usage.accepted_prediction_tokens, usage.rejected_prediction_tokens)
    if any(apart) or usage.server_tool_calls:
        return Loss("dropped_usage_detail", "/usageMetadata", "not counted apart here", LossKind.HINT)
    return None


def _lost_of_ending(finish: Finish, where: str) -> Loss | None:
    if finish.reason is FinishReason.PAUSE:
        return Loss("finish_reworded", where, "there is no word for a pause")
    if finish.stop_sequence is not None:
        return Loss("dropped_stop_sequence", where, "which sequence stopped it is not told", LossKind.HINT)
    detail = finish.detail
    if finish.reason is not FinishReason.CONTENT_FILTER and detail not in (None, _OWN_DETAILS.get(finish.reason)):
        return Loss("dropped_finish_detail", where, f"{detail} is not told", LossKind.HINT)
    return None
