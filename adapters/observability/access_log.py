"""One line per request, written past the `logging` machinery: this is the hot path."""

import logging
from collections.abc import Callable
from typing import Final, TextIO, TypeAlias

from adapters.observability.log_lines import LogFormat, LogValue, redact, render_line, utc_time
from application.call_record import CallRecord
from application.ports.clock import Clock

MAX_MESSAGE_CHARACTERS: Final = 500
"""Longer error messages are cut: upstreams quote requests in theirs."""


MAX_WAITING_LINES: Final = 512
"""More lines than this are written at once, whatever was deferred."""

Defer: TypeAlias = Callable[[Callable[[], None]], object]
"""Has a callback called soon, once."""


def at_once(flush: Callable[[], None]) -> None:
    """The Defer that does not."""
    flush()


class AccessLog:
    """Writes one line per request to `stream`, if its level is at least `level` (numbers of `logging`).

    Failures of the gateway or an upstream are warnings; everything else, callers' mistakes and callers who
    left included, is info. When nobody reads the stream any more it falls silent. Lines are written together,
    when `defer` says so: a system call for each would cost more than making it.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Clock,
        *,
        log_format: LogFormat,
        level: int = logging.INFO,
        defer: Defer = at_once,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._format = log_format
        self._level = level
        self._defer = defer
        self._lines: list[str] = []

    def call(self, record: CallRecord) -> None:
        """A model was called."""
        failed = record.status >= 500 or (record.error is not None and record.status < 400)
        level = logging.WARNING if failed else logging.INFO
        if level < self._level:
            return
        usage, error = record.usage, record.error
        fields = self._head(level, record.request_id)
        fields |= {
            "route": record.route,
            "status": record.status,
            "model": record.group or None,
            "deployment": record.deployment or None,
            "duration_ms": _ms(record.duration_s),
            "ttft_ms": None if record.first_token_s is None else _ms(record.first_token_s - record.received_s),
            "overhead_ms": _ms(record.overhead_s),
            "tokens_in": None if usage is None else usage.prompt_tokens,
            "tokens_out": None if usage is None else usage.completion_tokens,
            "losses": record.losses or None,
        }
        if error is not None:
            fields["error"] = error.label
            fields["reason"] = redact(error.message)[:MAX_MESSAGE_CHARACTERS]
        self._write(fields)

    def request(self, method: str, path: str, *, status: int, duration_s: float, request_id: str) -> None:
        """Something else was asked for; `path` comes without its query."""
        level = logging.WARNING if status >= 500 else logging.INFO
        if level < self._level:
            return
        fields = self._head(level, request_id)
        fields |= {"method": method, "route": path, "status": status, "duration_ms": _ms(duration_s)}
        self._write(fields)

    def _head(self, level: int, request_id: str) -> dict[str, LogValue]:
        return {
            "time": utc_time(self._clock.unix_s()),
            "level": "warning" if level == logging.WARNING else "info",
            "request_id": request_id,
        }

    def _write(self, fields: dict[str, LogValue]) -> None:
        self._lines.append(render_line(fields, self._format))
        if len(self._lines) == 1:
            self._defer(self.flush)
        elif len(self._lines) >= MAX_WAITING_LINES:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        try:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # the pipe is gone, or the stream was closed: nobody is left to tell
            self._level = logging.CRITICAL + 1


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
