"""A batch whose lines and results stay in memory: for frameworks that read and write files themselves."""

from collections.abc import Iterable
from hashlib import blake2b

from adapters.dialects import json_codec
from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.batch_lines.results import render_result
from adapters.dialects.contract import ClientDialect
from domain.batch.bad_line import BadLine
from domain.batch.line import BatchLine, LineOutcome, LineShape
from domain.errors import MalformedRequest


class LinesInMemory:
    """The source and the sink of a batch of `raw_lines`; `results` are in the order of their coming.

    Where lines stood in a file nobody knows here: those without an id of their own are called by a number that is
    made from what they say, the same wherever they stand. A line that cannot be understood has a failure for its
    result, which `dialect` words. Empty lines are passed over.
    """

    def __init__(self, raw_lines: Iterable[bytes], reader: LineReader, dialect: ClientDialect) -> None:
        self.results: list[bytes] = []
        self._lines = iter(raw_lines)
        self._reader = reader
        self._dialect = dialect

    def next_line(self) -> BatchLine | None:
        """The next line that can be asked."""
        for raw in self._lines:
            if not raw.strip():
                continue
            try:
                return self._reader.parse(raw, _number(raw))
            except BadLine as mistake:
                self._refuse(mistake)
        return None

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        """Keep a result."""
        self.results.append(render_result(line, outcome))

    def _refuse(self, mistake: BadLine) -> None:
        number = mistake.number
        error = MalformedRequest(mistake.message, code=mistake.code)
        status, body = self._dialect.render_error(error)
        line = BatchLine(
            number=number, custom_id=f"line-{number}", shape=LineShape.BARE, path="", model="", body=b""
        )
        outcome = LineOutcome(
            status=status,
            body=json_codec.encode(body),
            request_id="",
            error=error,
            usage=None,
            cost_usd=None,
            attempts=0,
            duration_s=0.0,
        )
        self.write(line, outcome)


def _number(raw: bytes) -> int:
    return int.from_bytes(blake2b(raw, digest_size=7).digest(), "big")
