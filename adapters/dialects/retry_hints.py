"""When an upstream says that it may be asked again: waits in seconds, from headers and from words.

Sources: RFC 9110, 10.2.3; platform.openai.com/docs/guides/rate-limits; platform.claude.com/docs/en/api/rate-limits
(2026-11); the official clients of both.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final

LONGEST_WAIT_S: Final = 86_400.0
"""A longer wait is no hint but a mistake (a moment in place of a duration), or nothing worth waiting for."""

_UNITS_MS: Final = MappingProxyType({"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000})
_WORDS: Final = MappingProxyType({"millisecond": "ms", "second": "s", "minute": "m", "hour": "h", "day": "d"})
_NUMBER: Final = r"[0-9]{1,12}(?:\.[0-9]{1,20})?"
_STEP: Final = re.compile(rf"({_NUMBER})(ms|s|m|h|d)")
_DURATION: Final = re.compile(rf"(?:{_NUMBER}(?:ms|s|m|h|d))+")
_TOLD: Final = re.compile(
    rf"\b(?:try again|retry) (?:in|after) (?:({_DURATION.pattern})|({_NUMBER}) ({'|'.join(_WORDS)})s?)\b",
    re.IGNORECASE,
)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait that `headers` (lower-case names) ask for; None where they ask nothing that can be meant.

    `retry-after-ms` goes before `retry-after`, whose HTTP date counts from the answer's own `date`; without one
    it says nothing.
    """
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None and (wait_s := plausible(milliseconds / 1000)) is not None:
        return wait_s
    asked = headers.get("retry-after")
    if asked is None:
        return None
    seconds = _seconds(asked)
    return plausible(_since(headers, _http_date(asked)) if seconds is None else seconds)


def reset_s(headers: Mapping[str, str]) -> float | None:
    """When the limit that was reached is reset, by the rate limit headers of a 429.

    That is the last of those of which nothing remains; where none says so, the first of all: better ask once too
    early than leave a deployment alone for another limit's sake.
    """
    spent: list[float] = []
    others: list[float] = []
    for wait_s, remaining in (*_openai_resets(headers), *_anthropic_resets(headers)):
        if wait_s is not None:
            (spent if remaining.strip() == "0" else others).append(wait_s)
    return max(spent) if spent else min(others, default=None)


def told_s(message: str) -> float | None:
    """The wait that an error's text names: `Please try again in 1.2s`, `Please retry after 10 seconds`."""
    told = _TOLD.search(message)
    if told is None:
        return None
    return duration_s(told[1].lower() if told[1] else told[2] + _WORDS[told[3].lower()])


def duration_s(text: str) -> float | None:
    """`1m30s`, `6ms`, `37.5s`; None for anything else, and for what cannot be meant."""
    if _DURATION.fullmatch(text) is None:
        return None
    steps = [(float(count), unit) for count, unit in _STEP.findall(text)]
    if len(steps) == 1 and steps[0][1] == "s":
        return plausible(steps[0][0])
    return plausible(sum(count * _UNITS_MS[unit] for count, unit in steps) / 1000)


def plausible(wait_s: float | None) -> float | None:
    """`wait_s`; None where it is negative or longer than a day."""
    return wait_s if wait_s is not None and 0 <= wait_s <= LONGEST_WAIT_S else None


def _openai_resets(headers: Mapping[str, str]) -> Iterator[tuple[float | None, str]]:
    """Durations (`1m30s`; plain seconds from some copies), each with what remains."""
    for limit in ("requests", "tokens"):
        told = headers.get(f"x-ratelimit-reset-{limit}", "").strip()
        seconds = _seconds(told)
        wait_s = duration_s(told) if seconds is None else plausible(seconds)
        yield wait_s, headers.get(f"x-ratelimit-remaining-{limit}", "")


def _anthropic_resets(headers: Mapping[str, str]) -> Iterator[tuple[float | None, str]]:
    """Moments in RFC 3339, each with what remains; they count from the answer's own `date`."""
    for limit in ("requests", "tokens", "input-tokens", "output-tokens"):
        told = headers.get(f"anthropic-ratelimit-{limit}-reset")
        if told is not None:
            wait_s = plausible(_since(headers, _moment(told)))
            yield wait_s, headers.get(f"anthropic-ratelimit-{limit}-remaining", "")


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _since(headers: Mapping[str, str], end: datetime | None) -> float | None:
    start = _http_date(headers.get("date", ""))
    return None if start is None or end is None else (end - start).total_seconds()


def _http_date(text: str) -> datetime | None:
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        return _in_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    """Moments without a zone are meant in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
