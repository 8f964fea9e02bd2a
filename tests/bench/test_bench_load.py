"""The bench's own upstream and load, against each other, for moments."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench import dialects
from bench.dialects import Chat, Dialect, Request
from bench.load import streams
from bench.load.connection import once, sent_us
from bench.load.steady import Latencies, constant_rate
from bench.load.streams import first_token_ms, open_streams, set_pace
from bench.load.wrk import LoadFailed, parse_outcome
from bench.measures.rounds import Case, Found, Throughput, interleaved, throughput_row
from bench.mock.frames import TOKEN_SIGN, frames_of
from bench.mock.server import Pace, serve
from bench.profiling import render_profile
from bench.sampled import Sampler


@asynccontextmanager
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """The mock upstream on a free port, to which the pace is told too."""
    (server,) = await serve(0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(streams, "STREAM_PORTS", (port,))
    try:
        yield port
    finally:
        server.close()
        await asyncio.sleep(0)


def request(port: int, dialect: Dialect) -> Request:
    chat = Chat(stream=True)
    return Request(
        port=port,
        path=dialects.path(dialect, "m", chat),
        headers=dialects.headers(dialect),
        body=dialects.body(dialect, "m", chat),
    )


@pytest.mark.parametrize("dialect", Dialect)
async def test_streams_bring_every_token_in_every_dialect(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with vendor(monkeypatch) as port:
        await set_pace(Pace(tokens=5))
        async with open_streams(request(port, dialect), dialect, 3) as opened, asyncio.timeout(2):
            await opened.until(lambda: opened.whole == 3)
            assert (opened.tokens, opened.broken) == (15, 0)


async def test_paced_streams_are_told_how_long_tokens_were_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with vendor(monkeypatch) as port:
        await set_pace(Pace(tokens=5, interval_s=0.005))
        async with open_streams(request(port, Dialect.CHAT), Dialect.CHAT, 2) as opened, asyncio.timeout(2):
            opened.watch_delays()
            await opened.until(lambda: opened.whole == 2)
            assert opened.delays_ms()
            assert all(0 <= delay < 1_000 for delay in opened.delays_ms())


async def test_first_tokens_are_timed_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with vendor(monkeypatch) as port:
        await set_pace(Pace(tokens=2))
        ms = await first_token_ms(request(port, Dialect.MESSAGES), 5)
    assert len(ms) == 5
    assert ms == sorted(ms)


async def test_a_constant_rate_is_kept_and_counted_from_when_requests_were_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with vendor(monkeypatch) as port:
        await set_pace(Pace(tokens=1))
        latencies = await constant_rate(request(port, Dialect.CHAT), per_s=200, seconds=0.2)
    assert (len(latencies.ms), latencies.failed) == (40, 0)
    assert 0 < latencies.quantile(0.5) <= latencies.quantile(0.99)


async def test_who_does_not_listen_fails_and_is_told_so() -> None:
    silent = request(9, Dialect.CHAT)  # the discard service, which nobody runs
    assert not await once(silent)
    assert (await constant_rate(silent, per_s=100, seconds=0.05)).failed == 5
    assert Latencies(ms=(), failed=5).quantile(0.99) == float("inf")


@pytest.mark.parametrize("dialect", Dialect)
def test_frames_carry_a_token_each_and_close_the_answer(dialect: Dialect) -> None:
    frames = frames_of(dialect)
    token = frames.before + b"@12; " + frames.after
    assert token.count(TOKEN_SIGN) == 1
    assert sent_us(token) == [12]
    assert token.endswith((b"\n\n", b"\r\n\r\n"))
    assert TOKEN_SIGN not in frames.opening
    assert frames.closing([b"@12; ", b"@13; "])


def test_the_events_of_responses_are_numbered_without_a_gap() -> None:
    frames = frames_of(Dialect.RESPONSES)
    stream = frames.opening + frames.before + b"@12; " + frames.after + frames.closing([b"@12; "])
    assert [int(number) for number in re.findall(rb'"sequence_number":(\d+)', stream)] == list(range(9))


@pytest.mark.parametrize("dialect", Dialect)
def test_a_small_chat_has_about_a_kilobyte(dialect: Dialect) -> None:
    assert 900 < len(dialects.body(dialect, "m", Chat())) < 1_300
    encoded = request(80, dialect).encoded()
    assert encoded.startswith(b"POST /v1")
    assert encoded.endswith(dialects.body(dialect, "m", Chat(stream=True)))


async def test_rounds_turn_around_and_a_failure_is_kept_with_what_came_before() -> None:
    asked: list[str] = []

    def case(name: str, fails_at: int = 9) -> Case[int]:
        async def measure() -> int:
            asked.append(name)
            if asked.count(name) == fails_at:
                raise LoadFailed("no more")
            return asked.count(name)

        return Case(name=name, measure=measure)

    found = await interleaved([case("a"), case("b", fails_at=2)], 3)
    assert asked == ["a", "b", "b", "a", "a"]
    assert found["a"].samples == [1, 2, 3]
    assert (found["b"].samples, found["b"].problem) == ([1], "no more")


def test_failed_requests_are_no_throughput() -> None:
    good = parse_outcome('{"requests":50,"seconds":2.0,"failed":0,"p50_us":10,"p95_us":20,"p99_us":30}')
    bad = parse_outcome('{"requests":90,"seconds":2.0,"failed":3,"p50_us":10,"p95_us":20,"p99_us":30}')
    runs = [Throughput(answered=answered, cpu_us=5.0, core_share=0.5) for answered in (good, bad)]
    row = throughput_row("x", "y", Found(samples=runs))
    assert row.value is not None
    assert (row.value.median, row.note) == (25.0, "50% of a core; 1 of 2 runs failed")
    stopped = throughput_row("x", "y", Found(samples=runs[:1], problem="wrk: killed"))
    assert stopped.note == "50% of a core; 1 of 2 runs failed"
    assert throughput_row("x", "y", Found(samples=runs[:1])).note == "50% of a core"
    assert throughput_row("x", "y", Found(samples=runs[1:])).note == "3 requests failed or came too late"


def test_runs_in_which_nobody_was_answered_are_told_as_such() -> None:
    silent = parse_outcome('{"requests":0,"seconds":1.0,"failed":0,"p50_us":0,"p95_us":0,"p99_us":0}')
    samples = [Throughput(answered=silent, cpu_us=None, core_share=1.0)]
    row = throughput_row("x", "y", Found(samples=samples))
    assert (row.value, row.note) == (None, "no request was answered within a run")
    assert throughput_row("x", "y", Found(samples=samples, problem="wrk: killed")).note == "wrk: killed"


def test_a_profile_counts_each_function_once_in_a_stack() -> None:
    text = render_profile("t", ["f (a.py);g (b.py);f (a.py) 3", "f (a.py) 1"])
    assert "4 samples" in text
    assert " 100.0%             100.0%   f (a.py)" in text
    assert "          75.0%   g (b.py)" in text


def test_the_sampler_notes_stacks_from_the_outside_in() -> None:
    sampler = Sampler()
    sampler._note(0, sys._getframe())
    (stack,) = sampler.stacks
    assert stack.split(";")[-1].startswith("test_the_sampler_notes")
    assert sampler.written().endswith(" 1\n")
