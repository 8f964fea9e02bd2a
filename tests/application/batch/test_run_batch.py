"""Running a batch: every line has one result, whatever fails, whenever it is stopped, and within every limit."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.batch.line_queue import MOST_HELD
from application.batch.run import BatchLimits, EndReason
from domain.batch.line import BatchLine, LineOutcome
from domain.errors import (
    ErrorKind,
    FeatherGateError,
    MalformedRequest,
    NoDeployment,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tests.application.batch.simulated import GOOD, Answer, Lines, World, line, scripted
from tests.virtual_time import BEGINNING_S

_ERRORS = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        lambda kind, retry_after_s: UpstreamRejected("no", kind=kind, retry_after_s=retry_after_s),
        st.sampled_from(ErrorKind),
        st.sampled_from([None, None, 0.0, 3.0, 30.0]),
    ),
)
_LATENCIES = st.sampled_from([None, 0.0, 0.1, 1.0, 7.0])
_ANSWERS = st.builds(Answer, latency_s=_LATENCIES, error=_ERRORS)
_SCRIPTS = st.lists(st.lists(_ANSWERS, max_size=4), max_size=25)
_LIMITS = st.builds(
    BatchLimits,
    concurrency=st.integers(1, 6),
    max_attempts=st.integers(1, 4),
    rpm=st.sampled_from([None, None, 1, 30, 600]),
)
_MODELS = st.integers(1, 4)
FAILED = UpstreamUnavailable("gone")


def due_results(script: list[list[Answer]], max_attempts: int) -> dict[int, FeatherGateError | None]:
    """What each line's result says went wrong."""
    results: dict[int, FeatherGateError | None] = {}
    for number, answers in enumerate(script, 1):
        for answer in [*answers, GOOD][:max_attempts]:
            results[number] = answer.error
            if answer.error is None or not answer.error.retryable:
                break
    return results


@given(script=_SCRIPTS, limits=_LIMITS, models=_MODELS)
def test_every_line_has_exactly_one_result_its_last(
    script: list[list[Answer]], limits: BatchLimits, models: int
) -> None:
    world = World(scripted(script), models=models)
    end = world.loop.run(world.batch(len(script), limits).run())
    assert {number: outcome.error for number, outcome in world.results.items()} == due_results(
        script, limits.max_attempts
    )
    assert (end.reason, end.resume_at) == (EndReason.COMPLETE, None)
    assert world.most_in_flight <= limits.concurrency
    assert all(askings <= limits.max_attempts for askings in world.askings.values())
    assert end.tally.finished_lines == len(script)
    assert end.tally.succeeded == sum(outcome.error is None for outcome in world.results.values())
    assert end.tally.retried == len(world.asked) - len(script)


@given(script=_SCRIPTS, limits=_LIMITS, models=_MODELS)
def test_lines_of_a_model_are_asked_in_order_and_never_before_their_wait_is_over(
    script: list[list[Answer]], limits: BatchLimits, models: int
) -> None:
    world = World(scripted(script), models=models)
    world.loop.run(world.batch(len(script), limits).run())
    times: dict[int, list[float]] = {}
    for at_s, number in world.asked:
        times.setdefault(number, []).append(at_s)
    for model in range(models):
        first = [number for number in times if number % models == model]
        assert first == [number for number in range(1, len(script) + 1) if number % models == model]
    for number, waits in world.waits.items():
        assert all(again_s >= due_s for again_s, due_s in zip(times[number][1:], waits, strict=True))
    kinds: dict[int, list[str]] = {}
    for kind, number in world.told:
        kinds.setdefault(number, []).append(kind)
    for number, told in kinds.items():
        assert told == ["asking", "retrying"] * (world.askings[number] - 1) + ["asking", "finished"]


@given(script=_SCRIPTS, limits=_LIMITS, after_s=st.floats(0.0, 60.0), again=st.booleans(), models=_MODELS)
def test_stopping_at_any_moment_loses_and_doubles_nothing(
    script: list[list[Answer]], limits: BatchLimits, after_s: float, again: bool, models: int
) -> None:
    world = World(scripted(script), models=models)
    batch = world.batch(len(script), limits)
    world.loop.call_later(after_s, batch.stop)
    if again:
        world.loop.call_later(after_s, batch.stop)
    end = world.loop.run(batch.run())
    assert not world.in_flight
    assert all(at_s <= after_s + BEGINNING_S for at_s, _ in world.asked)
    left = [number for number in range(1, len(script) + 1) if number not in world.results]
    assert (end.resume_at.number if end.resume_at else None) == (left[0] if left else None)
    assert end.reason is (EndReason.STOPPED if left else EndReason.COMPLETE)
    rest = world.batch(Lines(map(world.line, left)), limits)
    assert world.loop.run(rest.run()).reason is EndReason.COMPLETE
    assert sorted(world.results) == list(range(1, len(script) + 1))


@given(script=_SCRIPTS, limits=_LIMITS, after_s=st.floats(0.0, 60.0), models=_MODELS)
def test_cancelling_at_any_moment_loses_and_doubles_nothing(
    script: list[list[Answer]], limits: BatchLimits, after_s: float, models: int
) -> None:
    world = World(scripted(script), models=models)
    task = world.loop.create_task(world.batch(len(script), limits).run())
    world.loop.call_later(after_s, task.cancel)
    world.loop.pass_time(after_s)
    world.loop.pass_time(0.0)
    assert task.done()
    assert not world.in_flight
    asked = len(world.asked)
    world.loop.pass_time(10_000.0)
    assert len(world.asked) == asked
    left = [number for number in range(1, len(script) + 1) if number not in world.results]
    assert task.cancelled() or not left
    world.loop.run(world.batch(Lines(map(world.line, left)), limits).run())
    assert sorted(world.results) == list(range(1, len(script) + 1))


def test_a_stop_before_the_beginning_asks_nothing() -> None:
    world = World(scripted([]))
    batch = world.batch(3, BatchLimits(concurrency=2))
    batch.stop()
    end = world.loop.run(batch.run())
    assert (end.reason, world.asked) == (EndReason.STOPPED, [])
    assert end.resume_at == world.line(1)


def test_no_lines_have_no_results() -> None:
    end = World(scripted([])).run(0, concurrency=3)
    assert (end.reason, end.tally.finished_lines, end.resume_at) == (EndReason.COMPLETE, 0, None)


def test_who_waits_holds_no_slot() -> None:
    limited = Answer(0.1, UpstreamRejected("no", kind=ErrorKind.RATE_LIMIT, retry_after_s=100.0))
    world = World(scripted([[limited]]))
    world.run(20, concurrency=1)
    assert [number for _, number in world.asked] == [*range(1, 21), 1]
    assert world.asked[-1][0] - world.asked[0][0] >= 100.0


def test_who_is_due_is_asked_before_new_ones() -> None:
    world = World(scripted([[Answer(1.0, FAILED)]]))
    world.run(20, concurrency=1)
    assert [number for _, number in world.asked[:4]] == [1, 2, 1, 3]


def test_waits_double_up_to_the_last_asking() -> None:
    world = World(scripted([[Answer(0.0, FAILED)] * 9]))
    end = world.run(1, concurrency=1, max_attempts=5)
    times = [at_s for at_s, _ in world.asked]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == pytest.approx([0.75, 1.5, 3.0, 6.0])
    assert world.results[1].error is FAILED
    assert end.tally.failures == {FAILED.label: 1}
    assert end.tally.retries == {FAILED.label: 4}


def test_what_cannot_succeed_is_not_asked_again() -> None:
    world = World(scripted([[Answer(1.0, MalformedRequest("no"))]]))
    world.run(1, concurrency=1)
    assert len(world.asked) == 1


def test_as_many_as_are_allowed_are_asked_side_by_side() -> None:
    world = World(scripted([]))
    world.run(400, concurrency=20)
    assert world.most_in_flight == 20
    assert world.loop.now_s == BEGINNING_S + 400 / 20


def test_answers_that_take_no_time_let_others_have_their_turn() -> None:
    world = World(lambda line, asking: Answer(None))
    batch = world.batch(50_000, BatchLimits(concurrency=3))

    async def stopped_soon() -> EndReason:
        running = asyncio.ensure_future(batch.run())
        for _ in range(10):
            await asyncio.sleep(0)
        batch.stop()
        return (await running).reason

    assert world.loop.run(stopped_soon()) is EndReason.STOPPED
    assert len(world.asked) < 100


class _FullDisk(World):
    __slots__ = ()

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        if len(self.results) == 5:
            raise OSError(28, "No space left on device")
        self.results[line.number] = outcome


class _BrokenInput(Lines):
    def next_line(self) -> BatchLine | None:
        if self.taken == 5:
            raise OSError(5, "Input/output error")
        return super().next_line()


def test_a_result_that_cannot_be_kept_ends_it_and_cancels_what_is_asked() -> None:
    world = _FullDisk(lambda line, asking: Answer(float(line.number)))
    with pytest.raises(OSError, match="No space left"):
        world.run(20, concurrency=4)
    assert sorted(world.results) == [1, 2, 3, 4, 5]
    assert not world.in_flight
    world.loop.pass_time(1_000.0)
    assert len(world.asked) == 9


def test_an_input_that_cannot_be_read_ends_it() -> None:
    world = World(scripted([]))
    with pytest.raises(OSError, match="Input/output"):
        world.run(_BrokenInput(map(line, range(1, 21))), concurrency=10)
    assert not world.in_flight


def test_a_defect_is_raised_as_it_is() -> None:
    def defective(line: BatchLine, asking: int) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        World(defective).run(3, concurrency=2)


@pytest.mark.parametrize("error", [FAILED, NoDeployment("none", retry_after_s=5.0), UpstreamTimeout("slow")])
def test_in_an_outage_few_lines_use_up_their_askings(error: FeatherGateError) -> None:
    world = World(lambda line, asking: GOOD)
    over_s = world.loop.now_s + 60.0
    world.answers = lambda line, asking: Answer(0.01, error if world.loop.now_s < over_s else None)
    end = world.run(20_000, concurrency=50)
    assert end.tally.failed <= 7 * 50
    assert end.tally.succeeded == 20_000 - end.tally.failed


def test_few_failures_in_a_row_do_not_hold_up_a_narrow_batch() -> None:
    world = World(scripted([[Answer(0.0, FAILED)] * 5] * 3))
    world.run(20, concurrency=1)
    assert [number for _, number in world.asked[:4]] == [1, 2, 3, 4]


def test_a_bounded_number_of_failed_lines_waits() -> None:
    """Every second line fails a few times while those beside it succeed."""
    world = World(lambda line, asking: Answer(0.001, FAILED if line.number % 2 and asking < 4 else None))
    source = Lines(map(line, range(1, 6_001)))
    most_held = 0

    def look() -> None:
        nonlocal most_held
        most_held = max(most_held, source.taken - len(world.results))
        if len(world.results) < 6_000:
            world.loop.call_later(0.05, look)

    world.loop.call_soon(look)
    world.run(source, concurrency=100)
    assert len(world.results) == 6_000
    assert 900 < most_held <= MOST_HELD + 100 + 1


def test_a_bounded_number_of_bytes_waits() -> None:
    body = bytes(16 * 1024 * 1024)
    world = World(lambda line, asking: Answer(0.001, FAILED if asking == 1 and line.number % 4 else None))
    source = Lines(line(number, body) for number in range(1, 41))
    taken: list[int] = []
    world.loop.call_later(0.5, lambda: taken.append(source.taken))
    world.run(source, concurrency=2)
    assert 4 <= taken[0] <= 8
    assert len(world.results) == 40


@pytest.mark.parametrize(
    "limits",
    [
        {"concurrency": 0},
        {"concurrency": 1, "rpm": 0},
        {"concurrency": 1, "tpm": -1},
        {"concurrency": 1, "max_attempts": 0},
        {"concurrency": 1, "budget_usd": -0.1},
        {"concurrency": 1, "budget_usd": float("nan")},
        {"concurrency": 1, "budget_usd": float("inf")},
    ],
)
def test_numbers_that_make_no_sense_are_refused(limits: dict[str, Any]) -> None:
    *_, wrong = limits
    with pytest.raises(ValueError, match=rf"expected (a )?{wrong} of .*got {limits[wrong]}"):
        BatchLimits(**limits)
