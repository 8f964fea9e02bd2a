"""What buffered and streamed answers have in common on the wire."""

from collections.abc import Iterable
from typing import Final

from adapters.dialects import media
from adapters.dialects.identity import minted
from adapters.dialects.openai_chat.finish_reasons import render_finish
from domain.chat.content import Citation, Inline, Media, Url
from domain.chat.response import Finish, FinishReason
from domain.json_types import JSON

_ID_PREFIX: Final = "chatcmpl-"
_DECLINED: Final = "refusal"


def answer_id(upstream_id: str) -> str:
    """The upstream's own id where it has this wire's form, else one made from it, always the same."""
    return minted(_ID_PREFIX, upstream_id)


def finish_word(finish: Finish, *, legacy_call: bool) -> str:
    """The finish reason; a client that still sends `functions` knows `function_call` alone."""
    return "function_call" if legacy_call and finish.reason is FinishReason.TOOL_CALLS else render_finish(finish)


def refusal_of(finish: Finish) -> str | None:
    """What an answer without content says where its model declined; None for any other ending."""
    declined = finish.reason is FinishReason.CONTENT_FILTER and finish.detail == _DECLINED
    return (finish.explanation or "") if declined else None


def about_ending(finish: Finish, *, explained: bool) -> dict[str, JSON]:
    """The member for what the upstream says of the ending, empty where that is nothing.

    It stands apart from what the model says. `explained`: the explanation was given as the refusal.
    """
    if finish.explanation is None and finish.stop_sequence is None:
        return {}
    fields: dict[str, JSON] = {
        "finish_message": None if explained else finish.explanation,
        "stop_sequence": finish.stop_sequence,
    }
    told = {name: value for name, value in fields.items() if value}
    return {"provider_specific_fields": told} if told else {}


def annotations(citations: Iterable[Citation], said: int, length: int) -> list[JSON]:
    """Cited addresses; other kinds of sources have no word here.

    `said` counts the code points of the content before the citing text, `length` those of the text itself,
    which is cited as a whole where the citation has no place in it.
    """
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": said + (citation.start or 0),
                "end_index": said + (length if citation.end is None else citation.end),
                "title": citation.title or "",
                "url": citation.url or "",
            },
        }
        for citation in citations
        if citation.kind == "url"
    ]


def picture(source: Media) -> JSON:
    """A generated picture, as litellm and OpenRouter show it; None where it has no address."""
    url = media.data_url(source) if isinstance(source, Inline) else source.url if isinstance(source, Url) else None
    return None if url is None else {"type": "image_url", "image_url": {"url": url}}


def sound(source: Media, transcript: str | None, answer: str) -> JSON:
    """Generated sound; None where it is not inline."""
    if not isinstance(source, Inline):
        return None
    named = f"audio_{answer.removeprefix(_ID_PREFIX)}"
    return {"id": named, "data": source.base64, "transcript": transcript or "", "expires_at": 0}


def google_signature(value: str) -> JSON:
    """Gemini's signature where Google's own compatibility layer puts it (ai.google.dev, 2026-11)."""
    return {"google": {"thought_signature": value}}
