"""The lines of an input that are still to be asked."""

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Final

from adapters.persistence.batch_input import BatchInput
from adapters.persistence.index_tables import id_digest, told_as_os_error
from adapters.persistence.line_set import LineSet
from domain.batch.bad_line import BadLine
from domain.batch.line import BatchLine
from domain.batch.shard import Shard

_ROWS_AT_ONCE: Final = 256


class InputChanged(OSError):
    """An input that is another now than when its index was made."""


class PendingLines:
    """The lines of a shard that are not `finished`, in the input's order, each read when it is asked for."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        batch_input: BatchInput,
        parse: Callable[[bytes, int], BatchLine],
        finished: LineSet,
        shard: Shard,
    ) -> None:
        self._connection = connection
        self._input = batch_input
        self._parse = parse
        self._finished = finished
        self._shard = shard
        self._rows: deque[tuple[int, int, bytes]] = deque()
        self._last = 0

    def next_line(self) -> BatchLine | None:
        """The next line; None when there are no more. Raises InputChanged, OSError."""
        while self._rows or self._read_rows():
            number, start, digest = self._rows.popleft()
            if number not in self._finished and self._shard.has(number):
                return self._line(number, start, digest)
        return None

    def _read_rows(self) -> bool:
        """Whether there are more."""
        query = "SELECT number, start, id FROM lines WHERE number > ? ORDER BY number LIMIT ?"
        with told_as_os_error("read"):
            self._rows.extend(self._connection.execute(query, (self._last, _ROWS_AT_ONCE)))
        if not self._rows:
            return False
        self._last = self._rows[-1][0]
        return True

    def _line(self, number: int, start: int, digest: bytes) -> BatchLine:
        try:
            line = self._parse(self._input.line_at(start).strip(), number)
        except BadLine as mistake:
            raise self._changed(number) from mistake
        if id_digest(line.custom_id) != digest:
            raise self._changed(number)
        return line

    def _changed(self, number: int) -> InputChanged:
        return InputChanged(
            f"expected {self._input.name} to stay as it was when the batch began; line {number} is another now. "
            "Put it back and resume."
        )
