"""A line of an OpenAI batch's results → the tokens that its answer says it took."""

from typing import Final

import msgspec

from adapters.dialects.batch_lines.result_decoding import decode_result
from domain.batch.job import JobUsage


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _AnswerDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    """As Chat Completions, Completions and Embeddings name it, or as Responses do."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _AnswerDetails | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _PromptDetails | None = None
    output_tokens_details: _AnswerDetails | None = None


class _Body(msgspec.Struct):
    usage: _Usage | None = None


class _Response(msgspec.Struct):
    body: _Body


class _Line(msgspec.Struct):
    response: _Response


_LINES: Final = msgspec.json.Decoder(_Line)


def read_usage(raw: bytes) -> JobUsage | None:
    """What the answer on the line `raw` took; None where it does not say."""
    line = decode_result(raw, _LINES)
    usage = None if line is None else line.response.body.usage
    if usage is None:
        return None
    prompt_details = usage.prompt_tokens_details or usage.input_tokens_details
    answer_details = usage.completion_tokens_details or usage.output_tokens_details
    return JobUsage(
        prompt_tokens=usage.prompt_tokens or usage.input_tokens or 0,
        cached_tokens=(prompt_details.cached_tokens or 0) if prompt_details else 0,
        answer_tokens=usage.completion_tokens or usage.output_tokens or 0,
        reasoning_tokens=(answer_details.reasoning_tokens or 0) if answer_details else 0,
    )
