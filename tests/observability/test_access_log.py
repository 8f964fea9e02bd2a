import io
import json
import logging
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.observability.access_log import MAX_MESSAGE_CHARACTERS, AccessLog
from adapters.observability.call_book import CallBook
from adapters.observability.counting import CallCounts
from adapters.observability.log_lines import LogFormat
from application.call_record import CallRecord
from application.ports.ledger import Ledger
from domain.errors import InvalidKey, UpstreamRejected, UpstreamTimeout
from tests.observability.records import call_record, call_records


class StoppedClock:
    def monotonic_s(self) -> float:
        return 0.0

    def unix_s(self) -> float:
        return 1_795_310_355.042


def lines(*records: CallRecord, log_format: LogFormat = LogFormat.JSON, level: int = logging.INFO) -> list[str]:
    stream = io.StringIO()
    log = AccessLog(stream, StoppedClock(), log_format=log_format, level=level)
    for record in records:
        log.call(record)
    return stream.getvalue().splitlines()


def test_a_json_line_tells_the_whole_call() -> None:
    (line,) = lines(call_record())
    assert json.loads(line) == {
        "time": "2026-11-22T01:19:15.042Z",
        "level": "info",
        "request_id": "r-1",
        "route": "/v1/chat/completions",
        "status": 200,
        "model": "gpt",
        "deployment": "gpt-1",
        "duration_ms": 1500.0,
        "ttft_ms": 250.0,
        "overhead_ms": 100.0,
        "tokens_in": 7,
        "tokens_out": 11,
        "cost_usd": 0.0000125,
        "losses": 2,
    }


def test_a_console_line_tells_the_whole_call() -> None:
    (line,) = lines(call_record(status=504, error=UpstreamTimeout("no byte came")), log_format=LogFormat.CONSOLE)
    assert line == (
        "2026-11-22T01:19:15.042Z warning r-1 /v1/chat/completions 504 model=gpt deployment=gpt-1 duration_ms=1500.00 "
        'ttft_ms=250.00 overhead_ms=100.00 tokens_in=7 tokens_out=11 cost_usd=0.0000125 losses=2 error=provider_timeout reason="no byte came"'
    )


def test_what_is_estimated_or_not_known_is_told_apart() -> None:
    record = call_record()
    record.usage_estimated, record.cost_usd = True, None
    (line,) = lines(record)
    assert json.loads(line)["estimated"] is True
    assert "cost_usd" not in json.loads(line)
    record.cost_usd = 0.0
    (line,) = lines(record, log_format=LogFormat.CONSOLE)
    assert " tokens_out=11 cost_usd=0 estimated=true losses=2" in line


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_control_plane_request_has_its_line(log_format: LogFormat) -> None:
    stream = io.StringIO()
    log = AccessLog(stream, StoppedClock(), log_format=log_format)
    log.request("GET", "/v1/models", status=200, duration_s=0.0042, request_id="r-2")
    expected = {
        LogFormat.CONSOLE: "2026-11-22T01:19:15.042Z info r-2 GET /v1/models 200 duration_ms=4.2\n",
        LogFormat.JSON: (
            '{"time":"2026-11-22T01:19:15.042Z","level":"info","request_id":"r-2","method":"GET",'
            '"route":"/v1/models","status":200,"duration_ms":4.2}\n'
        ),
    }
    assert stream.getvalue() == expected[log_format]


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (call_record(), "info"),
        (call_record(status=401, error=InvalidKey("no key")), "info"),
        (call_record(status=499), "info"),
        (call_record(status=502, error=UpstreamRejected("broken", status=502)), "warning"),
        (call_record(error=UpstreamTimeout("silent after the first words")), "warning"),
    ],
)
def test_levels(record: CallRecord, level: str) -> None:
    (line,) = lines(record)
    assert json.loads(line)["level"] == level
    assert len(lines(record, level=logging.WARNING)) == (level == "warning")
    assert lines(record, level=logging.ERROR) == []


def test_control_plane_failures_are_warnings() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, StoppedClock(), log_format=LogFormat.JSON, level=logging.WARNING)
    log.request("GET", "/health", status=200, duration_s=0.0, request_id="r")
    log.request("GET", "/health/readiness", status=503, duration_s=0.0, request_id="r")
    assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == [503]


@given(call_records(st.text()), st.sampled_from(LogFormat))
def test_no_value_can_forge_a_line(record: CallRecord, log_format: LogFormat) -> None:
    stream = io.StringIO()
    AccessLog(stream, StoppedClock(), log_format=log_format).call(record)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if log_format is LogFormat.JSON:
        fields = json.loads(written)
        assert fields["request_id"] == record.request_id
        assert fields.get("model", "") == record.group


@given(st.text(), st.text())
def test_no_value_of_a_console_line_can_forge_a_field(request_id: str, path: str) -> None:
    stream = io.StringIO()
    log = AccessLog(stream, StoppedClock(), log_format=LogFormat.CONSOLE)
    log.request("GET", path, status=404, duration_s=0.0, request_id=request_id)
    decoder, words, rest = json.JSONDecoder(), [], stream.getvalue().removesuffix("\n")
    while rest:
        word, _, left = rest.partition(" ")
        if rest.startswith('"'):
            word, end = decoder.raw_decode(rest)
            left = rest[end:].removeprefix(" ")
        words.append(word)
        rest = left
    assert len(words) == 7
    assert words[3] == "GET"
    assert words[5:] == ["404", "duration_ms=0.0"]


def test_keys_that_a_vendor_quotes_do_not_reach_the_log() -> None:
    (line,) = lines(
        call_record(status=401, error=UpstreamRejected("Incorrect API key: sk-proj-abcdef123456", status=401))
    )
    assert "abcdef" not in line
    assert "[redacted]" in line


def test_long_messages_are_cut() -> None:
    (line,) = lines(call_record(status=400, error=UpstreamRejected("x" * 10_000, status=400)))
    assert len(json.loads(line)["reason"]) == MAX_MESSAGE_CHARACTERS


class BrokenPipe(io.StringIO):
    attempts = 0

    def write(self, _line: str, /) -> int:
        self.attempts += 1
        raise BrokenPipeError


def test_a_log_that_nobody_reads_falls_silent() -> None:
    stream = BrokenPipe()
    log = AccessLog(stream, StoppedClock(), log_format=LogFormat.JSON)
    log.call(call_record())
    log.call(call_record(status=500))
    log.request("GET", "/health", status=500, duration_s=0.0, request_id="r")
    assert stream.attempts == 1


def test_a_closed_stream_is_no_failure() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, StoppedClock(), log_format=LogFormat.JSON)
    stream.close()
    log.call(call_record())


def test_the_book_counts_and_logs() -> None:
    stream, counts = io.StringIO(), CallCounts()
    book: Ledger = CallBook(counts, AccessLog(stream, StoppedClock(), log_format=LogFormat.JSON))
    book.opened()
    assert counts.in_flight == 1
    book.book(call_record())
    assert (counts.in_flight, counts.successful) == (0, 1)
    assert json.loads(stream.getvalue())["status"] == 200


def test_times_are_utc() -> None:
    (line,) = lines(call_record())
    assert datetime.fromisoformat(json.loads(line)["time"]).utcoffset() == timedelta(0)
