"""The token counts of an answer that passes through, read straight into their places.

Nearly every usage is made of the members below with counts in them; what is not goes the way of `parse_usage`,
which reads everything and takes three times as long.
"""

from typing import Annotated, Final, TypeAlias

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.openai_chat.usage import parse_usage
from domain.chat.usage import Usage
from domain.errors import MalformedResponse

_Known: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Count: TypeAlias = _Known | None


class _PromptParts(msgspec.Struct, forbid_unknown_fields=True):
    cached_tokens: _Count = None
    audio_tokens: _Count = None


class _CompletionParts(msgspec.Struct, forbid_unknown_fields=True):
    reasoning_tokens: _Count = None
    audio_tokens: _Count = None
    accepted_prediction_tokens: _Count = None
    rejected_prediction_tokens: _Count = None


class _Counts(msgspec.Struct, forbid_unknown_fields=True):
    prompt_tokens: _Known
    completion_tokens: _Known
    total_tokens: _Known
    prompt_tokens_details: _PromptParts | None = None
    completion_tokens_details: _CompletionParts | None = None


_DECODER: Final = msgspec.json.Decoder(_Counts)
_NO_PROMPT_PARTS: Final = _PromptParts()
_NO_COMPLETION_PARTS: Final = _CompletionParts()


def glance_at_usage(raw: msgspec.Raw) -> Usage | None:
    """What `parse_usage` says of the same member. Raises MalformedResponse where it is not JSON."""
    try:
        counts = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parsed(raw)
    if counts.total_tokens > counts.prompt_tokens + counts.completion_tokens:
        return _parsed(raw)
    prompt = counts.prompt_tokens_details or _NO_PROMPT_PARTS
    completion = counts.completion_tokens_details or _NO_COMPLETION_PARTS
    return Usage(
        prompt_tokens=counts.prompt_tokens,
        completion_tokens=counts.completion_tokens,
        cache_read_tokens=prompt.cached_tokens,
        audio_prompt_tokens=prompt.audio_tokens,
        reasoning_tokens=completion.reasoning_tokens,
        audio_completion_tokens=completion.audio_tokens,
        accepted_prediction_tokens=completion.accepted_prediction_tokens,
        rejected_prediction_tokens=completion.rejected_prediction_tokens,
    )


def _parsed(raw: msgspec.Raw) -> Usage | None:
    try:
        return parse_usage(json_codec.decode(bytes(raw)))
    except ValueError as refused:
        raise MalformedResponse(f"expected usage in JSON from the upstream; {str(refused)[:200]}.") from None
