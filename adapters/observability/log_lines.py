"""Log lines: one per entry whatever the values hold, as words for people or as JSON for machines."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

LogValue: TypeAlias = str | int | float | None

LEADING_FIELDS: Final = frozenset(
    {"time", "level", "logger", "request_id", "method", "route", "status", "message"}
)
"""Fields that a console line tells by their place; the others are told as `name=value`."""

_BARE = re.compile(r"[!#-\[\]-~]+")
_KEY_SHAPES = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|pplx|fw|nvapi|hf|r8|csk)[-_][\w.*-]{6,}"
    r"|\bAIza[\w-]{10,}"
    r"|\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"
    r"|(?<=[?&]key=)[^&,\s\"']+"
)
_DELETE: Final = "\x7f"
"""The one control character that JSON leaves as it is."""
_REDACTED: Final = "[redacted]"


class LogFormat(StrEnum):
    """How a line is written."""

    CONSOLE = "console"
    JSON = "json"


def utc_time(unix_s: float) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-22T01:19:15.042Z`."""
    whole_ms = round(unix_s * 1000)
    return f"{_second(whole_ms // 1000)}.{whole_ms % 1000:03}Z"


@lru_cache(maxsize=2)
def _second(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def redact(text: str) -> str:
    """`text` without what looks like a credential: vendors quote rejected keys in their error messages."""
    return _KEY_SHAPES.sub(_REDACTED, text)


def escape_controls(text: str) -> str:
    r"""`text` with line breaks, terminal controls and invisible characters as `\n`, `\x1b`, `\u2028`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def render_line(fields: Mapping[str, LogValue], log_format: LogFormat) -> str:
    """One line, without its line break; fields that are None are left out."""
    if log_format is LogFormat.JSON:
        return _json({name: value for name, value in fields.items() if value is not None})
    words = []
    for name, value in fields.items():
        if value is None:
            continue
        if not isinstance(value, str):
            shown = str(value)
        elif name == "message":
            shown = escape_controls(value)
        else:
            shown = word(value)
        words.append(shown if name in LEADING_FIELDS else f"{name}={shown}")
    return " ".join(words)


def _json(entry: Mapping[str, LogValue]) -> str:
    """`entry` as compact JSON in printable ASCII."""
    try:
        line = msgspec.json.encode(entry).decode("ascii")
    except UnicodeError:  # rare: the standard library escapes what is not ASCII, at ten times the price
        line = json.dumps(entry, separators=(",", ":"))
    return line.replace(_DELETE, "\\u007f")


def word(text: str) -> str:
    """`text` as it is where it cannot be mistaken for several words, else as a printable JSON string."""
    if (text.isascii() and text.isalnum()) or _BARE.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable()).replace(_DELETE, "\\u007f")


known_word = lru_cache(maxsize=1024)(word)
"""The same for names that come again and again."""
