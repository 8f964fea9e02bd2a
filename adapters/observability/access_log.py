"""One line per request, written past the `logging` machinery: this is the hot path."""

import logging
import select
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TextIO, TypeAlias

from adapters.observability.log_lines import LogFormat, LogValue, known_word, redact, render_line, utc_time, word
from application.call_record import CallRecord
from application.ports.clock import Clock
from domain.errors import FeatherGateError
from domain.pricing.cost import USD_DECIMALS, plain_usd

MAX_MESSAGE_CHARACTERS: Final = 500
"""Longer error messages are cut: upstreams quote requests in theirs."""

MAX_WAITING_LINES: Final = 512
"""More lines than this are written at once, whatever was deferred."""

ONE_PIECE_BYTES: Final = getattr(select, "PIPE_BUF", 4096)
"""What is written to a pipe together, however full it is (POSIX, write(2)); Windows does not say."""

_LEVELS: Final = {logging.INFO: "info", logging.WARNING: "warning"}

Defer: TypeAlias = Callable[[Callable[[], None]], object]
"""Has a callback called soon, once."""


def at_once(flush: Callable[[], None]) -> None:
    """The Defer that does not."""
    flush()


class AccessLog:
    """Writes one line per request to `stream`, if its level is at least `level` (numbers of `logging`).

    Failures of the gateway or an upstream are warnings; everything else, callers' mistakes and callers who
    left included, is info. When nobody reads the stream any more it falls silent. Lines are rendered and written
    together, when `defer` says so: one by one they take twice the time, and a system call each.
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
        self._waiting: list[str | tuple[CallRecord, float]] = []

    def call(self, record: CallRecord) -> None:
        """A model was called; its record changes no more."""
        if record.error is not None or record.status >= 500:
            failed = record.status >= 500 or record.status < 400
            level = logging.WARNING if failed else logging.INFO
            if level >= self._level:  # rendered now: errors hold on to what they saw
                self._add(self._render_call(record, self._clock.unix_s(), level))
        elif self._level <= logging.INFO:
            self._add((record, self._clock.unix_s()))

    def request(self, method: str, path: str, *, status: int, duration_s: float, request_id: str) -> None:
        """Something else was asked for; `path` comes without its query."""
        level = logging.WARNING if status >= 500 else logging.INFO
        if level < self._level:
            return
        fields = _head(self._clock.unix_s(), level, request_id)
        fields |= {"method": method, "route": path, "status": status, "duration_ms": _ms(duration_s)}
        self._add(render_line(fields, self._format))

    def flush(self) -> None:
        """Write the lines that wait."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        lines = [one if isinstance(one, str) else self._render_call(*one, logging.INFO) for one in waiting]
        try:
            for block in in_blocks(lines):
                self._stream.write(block)
                self._stream.flush()
        except (OSError, ValueError):  # the pipe is gone, or the stream was closed: nobody is left to tell
            self._level = logging.CRITICAL + 1

    def _add(self, line: str | tuple[CallRecord, float]) -> None:
        self._waiting.append(line)
        if len(self._waiting) == 1:
            self._defer(self.flush)
        elif len(self._waiting) >= MAX_WAITING_LINES:
            self.flush()

    def _render_call(self, record: CallRecord, unix_s: float, level: int) -> str:
        if self._format is LogFormat.CONSOLE:
            return _console_line(record, unix_s, level)
        usage, error, first_token_s = record.usage, record.error, record.first_token_s
        fields = _head(unix_s, level, record.request_id)
        fields |= {
            "route": record.route,
            "status": record.status,
            "model": record.group or None,
            "deployment": record.deployment or None,
            "duration_ms": _ms(record.duration_s),
            "ttft_ms": None if first_token_s is None else _ms(first_token_s - record.received_s),
            "overhead_ms": _ms(record.overhead_s),
            "tokens_in": None if usage is None else usage.prompt_tokens,
            "tokens_out": None if usage is None else usage.completion_tokens,
            "cost_usd": None if record.cost_usd is None else round(record.cost_usd, USD_DECIMALS),
            "estimated": record.usage_estimated or None,
            "losses": record.losses or None,
            "attempts": record.attempts if record.attempts > 1 else None,
            "fallback": record.group if record.fallbacks else None,
        }
        if error is not None:
            fields |= {"error": error.label, "reason": _reason(error)}
        return render_line(fields, LogFormat.JSON)


def in_blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines, in blocks that a pipe takes as one: other workers write to it too, and would tear them."""
    block: list[str] = []
    size = 0
    for line in lines:
        length = len(line) + 1 if line.isascii() else 4 * len(line) + 1
        if block and size + length > ONE_PIECE_BYTES:
            yield "\n".join(block) + "\n"
            block, size = [], 0
        block.append(line)
        size += length
    if block:
        yield "\n".join(block) + "\n"


def _console_line(record: CallRecord, unix_s: float, level: int) -> str:
    """The fields of the JSON line as words: written out here, since nearly every line is one of these."""
    line = (
        f"{utc_time(unix_s)} {_LEVELS[level]} {word(record.request_id)} {known_word(record.route)} {record.status}"
    )
    if record.group:
        line += f" model={known_word(record.group)}"
    if record.deployment:
        line += f" deployment={known_word(record.deployment)}"
    line += f" duration_ms={record.duration_s * 1000:.2f}"
    if record.first_token_s is not None:
        line += f" ttft_ms={(record.first_token_s - record.received_s) * 1000:.2f}"
    line += f" overhead_ms={record.overhead_s * 1000:.2f}{_amounts(record)}"
    if record.attempts > 1:
        line += f" attempts={record.attempts}"
    if record.fallbacks:
        line += f" fallback={known_word(record.group)}"
    error = record.error
    if error is not None:
        line += f" error={word(error.label)} reason={word(_reason(error))}"
    return line


def _amounts(record: CallRecord) -> str:
    words, usage = "", record.usage
    if usage is not None and usage.prompt_tokens is not None:
        words = f" tokens_in={usage.prompt_tokens}"
    if usage is not None and usage.completion_tokens is not None:
        words += f" tokens_out={usage.completion_tokens}"
    if record.cost_usd is not None:
        words += f" cost_usd={plain_usd(record.cost_usd)}"
    if record.usage_estimated:
        words += " estimated=true"
    if record.losses:
        words += f" losses={record.losses}"
    return words


def _head(unix_s: float, level: int, request_id: str) -> dict[str, LogValue]:
    return {"time": utc_time(unix_s), "level": _LEVELS[level], "request_id": request_id}


def _reason(error: FeatherGateError) -> str:
    return redact(error.message)[:MAX_MESSAGE_CHARACTERS]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
