"""A line of the results → whose result it is, and whether the request succeeded."""

from typing import Final

import msgspec

from adapters.dialects.batch_lines.result_decoding import decode_result
from domain.batch.result_head import ResultHead


class _Response(msgspec.Struct):
    status_code: int


class _Error(msgspec.Struct):
    code: str


class _Result(msgspec.Struct):
    type: str


class _Line(msgspec.Struct):
    """A result of either Batch API; exactly one of the three is there."""

    custom_id: str
    response: _Response | None = None
    error: _Error | None = None
    result: _Result | None = None


_LINES: Final = msgspec.json.Decoder(_Line)


def read_result(raw: bytes) -> ResultHead | None:
    """The head of a result, whose answer is not read; None where `raw` is no result, or half of one.

    Of OpenAI's a request succeeded where its answer has a status from 200 to 299.
    """
    line = decode_result(raw, _LINES)
    if line is None:
        return None
    if line.result is not None:
        return ResultHead(custom_id=line.custom_id, succeeded=line.result.type == "succeeded")
    if line.response is not None:
        return ResultHead(custom_id=line.custom_id, succeeded=200 <= line.response.status_code < 300)
    return None if line.error is None else ResultHead(custom_id=line.custom_id, succeeded=False)
