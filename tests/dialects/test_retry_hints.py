from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.retry_hints import LONGEST_WAIT_S, duration_s, reset_s, retry_after_s, told_s

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "86400"}, 86_400.0),
        ({"retry-after": "86401"}, None),
        ({"retry-after": "1763812800"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "20.5"}, 0.0205),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "99999999999", "retry-after": "9"}, 9.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Sunday, 22-Nov-26 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Sun Nov 22 12:00:30 2026", "date": NOON}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:59:30 GMT", "date": NOON}, None),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:00 GMT", "date": NOON}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 12:00:00 -0000"}, 30.0),
    ],
)
def test_waits_in_headers(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("1m30s", 90.0),
        ("6m0s", 360.0),
        ("6ms", 0.006),
        ("9ms", 0.009),
        ("7.66s", 7.66),
        ("1h2m3s", 3723.0),
        ("1m30.5s", 90.5),
        ("1d", 86_400.0),
        ("1d1s", None),
        ("-5s", None),
        ("5", None),
        ("5 s", None),
        ("5s ", None),
        ("", None),
        ("s", None),
        ("9" * 400 + "s", None),
    ],
)
def test_durations(text: str, wait_s: float | None) -> None:
    assert duration_s(text) == wait_s


@pytest.mark.parametrize(
    ("message", "wait_s"),
    [
        ("Rate limit reached for m on tokens per min (TPM): Limit 3, Used 2. Please try again in 1.2s. Visit x.", 1.2),
        ("Please try again in 6ms. Contact us.", 0.006),
        ("Please try again in 1m30s.", 90.0),
        ("Please try again in 20s", 20.0),
        ("Please retry after 10 seconds.", 10.0),
        ("Please retry after 1 second.", 1.0),
        ("Try again in 5 minutes, please", 300.0),
        ("Please retry in 37.413259s.", 37.413259),
        ("Please try again in a while", None),
        ("Please try again in 10 sheep", None),
        ("Please try again in 10smiles", None),
        ("Please try again in 3 days", None),
        ("entry in 5s", None),
        ("", None),
    ],
)  # fmt: skip
def test_waits_in_words(message: str, wait_s: float | None) -> None:
    assert told_s(message) == wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-reset-tokens": "12"}, 12.0),
        ({"x-ratelimit-reset-tokens": "1763812800"}, None),
        ({"x-ratelimit-reset-tokens": "soon"}, None),
        ({"x-ratelimit-reset-requests": "23h", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        ({"x-ratelimit-reset-requests": "8s", "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-tokens": "2s", "x-ratelimit-remaining-tokens": "90"}, 8.0),
        ({"x-ratelimit-reset-requests": "8s", "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-tokens": "20s", "x-ratelimit-remaining-tokens": "0"}, 20.0),
        ({"anthropic-ratelimit-requests-reset": "2026-11-22T12:00:09Z", "date": NOON}, 9.0),
        ({"anthropic-ratelimit-requests-reset": "2026-11-22T13:00:09.5+01:00", "date": NOON}, 9.5),
        ({"anthropic-ratelimit-requests-reset": "2026-11-22T12:00:09Z"}, None),
        ({"anthropic-ratelimit-requests-reset": "2026-11-22T11:00:00Z", "date": NOON}, None),
        ({"anthropic-ratelimit-requests-reset": "later", "date": NOON}, None),
        ({"anthropic-ratelimit-input-tokens-reset": "2026-11-22T12:00:40Z", "anthropic-ratelimit-input-tokens-remaining": "0",
          "anthropic-ratelimit-requests-reset": "2026-11-22T12:00:01Z", "anthropic-ratelimit-requests-remaining": "49",
          "date": NOON}, 40.0),
    ],
)  # fmt: skip
def test_when_a_limit_is_reset(headers: dict[str, str], wait_s: float | None) -> None:
    assert reset_s(headers) == wait_s


_WHEN = st.one_of(
    st.text(max_size=30),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(format_datetime),
    st.datetimes().map(datetime.isoformat),
)
_NAMES = (
    "retry-after",
    "retry-after-ms",
    "date",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-tokens-reset",
)


@given(st.dictionaries(st.sampled_from(_NAMES), _WHEN), st.text())
def test_any_hint_is_a_wait_within_a_day_or_none(headers: dict[str, str], message: str) -> None:
    for wait_s in (retry_after_s(headers), reset_s(headers), told_s(message), duration_s(message)):
        assert wait_s is None or 0 <= wait_s <= LONGEST_WAIT_S


@given(st.integers(0, 2**32), st.integers(0, 86_400))
def test_a_moment_is_as_far_away_as_it_is(now_unix_s: int, wait_s: int) -> None:
    now = datetime.fromtimestamp(now_unix_s, UTC)
    then = now + timedelta(seconds=wait_s)
    date = {"date": format_datetime(now, usegmt=True)}
    assert retry_after_s({**date, "retry-after": format_datetime(then, usegmt=True)}) == wait_s
    assert reset_s({**date, "anthropic-ratelimit-tokens-reset": then.isoformat()}) == wait_s


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int, thousandths: int) -> None:
    written = f"{hours}h{minutes}m{seconds}.{thousandths:03}s"
    expected = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    for found in (duration_s(written), told_s(f"Please try again in {written}."), reset_s(
        {"x-ratelimit-reset-tokens": written}
    )):  # fmt: skip
        assert found == pytest.approx(expected)
