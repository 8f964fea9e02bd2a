"""Why an answer ended: the documented words of OpenAI and of servers that copy its wire."""

from types import MappingProxyType
from typing import Final

from domain.chat.response import Finish, FinishReason
from domain.errors import ErrorKind, MalformedResponse
from domain.json_types import JSON

_BY_WORD: Final = MappingProxyType(
    {
        "stop": FinishReason.STOP,
        "length": FinishReason.LENGTH,
        "tool_calls": FinishReason.TOOL_CALLS,
        "function_call": FinishReason.TOOL_CALLS,
        "content_filter": FinishReason.CONTENT_FILTER,
        "eos": FinishReason.STOP,  # Together AI
        "eos_token": FinishReason.STOP,  # Hugging Face TGI
        "stop_sequence": FinishReason.STOP,  # Hugging Face TGI
        "model_length": FinishReason.LENGTH,  # Mistral
    }
)
_PLAIN: Final = MappingProxyType({word: Finish(reason, native=word) for word, reason in _BY_WORD.items()})
"""What each word means where nothing else is known."""
_WORDS: Final = MappingProxyType(
    {
        FinishReason.STOP: "stop",
        FinishReason.LENGTH: "length",
        FinishReason.TOOL_CALLS: "tool_calls",
        FinishReason.CONTENT_FILTER: "content_filter",
        FinishReason.PAUSE: "stop",
        FinishReason.OTHER: "stop",
    }
)
_KEPT_WITH_CALLS: Final = frozenset({FinishReason.LENGTH, FinishReason.CONTENT_FILTER})


def parse_finish(word: JSON, *, called: bool = False, refused: bool = False) -> Finish:
    """The ending that `word` means; where a tool was called it is TOOL_CALLS, whatever milder word came.

    Raises MalformedResponse for a word that is not documented, naming it.
    """
    plain = _PLAIN.get(word) if isinstance(word, str) else None
    if plain is not None and not (called or refused):
        return plain
    reason = _BY_WORD.get(word) if isinstance(word, str) else None
    if reason is None:
        raise MalformedResponse(
            f"expected a documented finish_reason; the upstream ended with {str(word)[:80]!r}."
        )
    if called and reason not in _KEPT_WITH_CALLS:
        reason = FinishReason.TOOL_CALLS
    detail = "refusal" if refused and reason is FinishReason.STOP else None
    return Finish(reason, native=str(word), detail=detail)


def render_finish(finish: Finish) -> str:
    """The word for an ending; PAUSE and OTHER have none of their own and are a `stop`."""
    return _WORDS[finish.reason]


def truncated() -> MalformedResponse:
    """The error of an answer that stopped without saying why."""
    return MalformedResponse(
        "expected a finish_reason before the end of the answer; the upstream's answer was cut short.",
        kind=ErrorKind.TRUNCATED,
    )
