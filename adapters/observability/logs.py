"""Everything that is not a request goes through the standard `logging`, in the same two formats."""

import logging
import sys
from typing import Final, TextIO

from adapters.observability.log_lines import LogFormat, LogValue, escape_controls, redact, render_line, utc_time

TALKATIVE: Final = ("asyncio", "httpcore", "httpx", "hpack", "hypercorn.access", "uvicorn.access")
"""Loggers held at warnings: they report every request, httpx with its whole URL."""


class LineFormatter(logging.Formatter):
    """One line per entry; on a console a traceback follows, indented. Key-shaped text is taken out.

    Secrets need no care here: their type prints as a mask.
    """

    def __init__(self, log_format: LogFormat) -> None:
        super().__init__()
        self._format = log_format

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, LogValue] = {
            "time": utc_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        trace = redact(self.formatException(record.exc_info)) if record.exc_info else None
        if self._format is LogFormat.JSON:
            return render_line({**fields, "trace": trace}, self._format)
        lines = [render_line(fields, self._format)]
        if trace is not None:
            lines += ["    " + escape_controls(line) for line in trace.splitlines()]
        return "\n".join(lines)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines to a stream; falls silent when nobody reads it any more."""

    def __init__(self, stream: TextIO, log_format: LogFormat) -> None:
        super().__init__(stream)
        self.setFormatter(LineFormatter(log_format))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class' name
        """Nothing where the stream itself failed: it is the only place to complain."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handleError(record)


def configure_logging(stream: TextIO, *, log_format: LogFormat, level: int) -> None:
    """Send all logs of `level` and above to `stream`. Replaces what was set up before; called once, at start."""
    logging.basicConfig(level=level, handlers=[LineHandler(stream, log_format)], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
