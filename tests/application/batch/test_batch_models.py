"""Batches of several models: none slows the others, and who is turned away waits without being asked in vain."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.batch.line_queue import LONGEST_NAME, MOST_HELD, MOST_MODELS
from application.batch.run import BatchLimits, EndReason
from domain.batch.line import BatchLine
from domain.batch.pacing import FIRST_LIMIT, PATIENCE_S
from domain.errors import ErrorKind, FeatherGateError, NoDeployment, UpstreamRejected, UpstreamUnavailable
from tests.application.batch.simulated import GOOD, Answer, Lines, World, line
from tests.virtual_time import BEGINNING_S

TOO_MANY = UpstreamRejected("no", kind=ErrorKind.RATE_LIMIT)


def nobody(wait_s: float) -> Answer:
    """Nobody is asked, since all are to be left alone for so long."""
    return Answer(0.0, NoDeployment("no", kind=ErrorKind.RATE_LIMIT, retry_after_s=wait_s), attempts=0)


def asking(models: list[str]) -> Lines:
    """Lines that ask for these, in this order."""
    return Lines(line(number, model=model) for number, model in enumerate(models, 1))


def mixed(counts: dict[str, int]) -> list[str]:
    """So many of each, in an order that chance gives."""
    models = [model for model, count in counts.items() for _ in range(count)]
    Random(7).shuffle(models)
    return models


@dataclass(slots=True)
class Troubled:
    """`well` answers so many at a time, and `ill` as `trouble` says, which is told how many it is asked at once."""

    trouble: Callable[[BatchLine, int], Answer]
    capacity: int = 20
    in_flight: dict[str, int] = field(default_factory=lambda: {"well": 0, "ill": 0})
    ended_s: dict[str, float] = field(default_factory=dict)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.answer)

    def answer(self, line: BatchLine, asking: int) -> Answer:
        self.in_flight[line.model] += 1
        answer = self.trouble(line, self.in_flight["ill"])
        if line.model == "well":
            answer = GOOD if self.in_flight["well"] <= self.capacity else Answer(0.05, TOO_MANY)
        self.world.loop.call_later(answer.latency_s or 0.0, self._ended, line.model)
        return answer

    def _ended(self, model: str) -> None:
        self.in_flight[model] -= 1
        self.ended_s[model] = self.world.loop.now_s - BEGINNING_S


def refusing(line: BatchLine, at_a_time: int) -> Answer:
    return Answer(3.0) if at_a_time <= 2 else Answer(0.05, TOO_MANY)


def refusing_for_long(line: BatchLine, at_a_time: int) -> Answer:
    """Somebody else uses up what it allows; it says for how long."""
    return Answer(0.05, UpstreamRejected("no", kind=ErrorKind.RATE_LIMIT, retry_after_s=40.0))


def left_alone(line: BatchLine, at_a_time: int) -> Answer:
    return nobody(20.0)


def gone(line: BatchLine, at_a_time: int) -> Answer:
    return Answer(0.2, UpstreamUnavailable("gone"))


def silent(line: BatchLine, at_a_time: int) -> Answer:
    return Answer(30.0, UpstreamUnavailable("silent"))


@pytest.mark.parametrize("trouble", [refusing, refusing_for_long, left_alone, gone])
def test_a_model_in_trouble_does_not_slow_the_others(trouble: Callable[[BatchLine, int], Answer]) -> None:
    """Nor they it."""
    beside = Troubled(trouble)
    beside.world.run(asking(mixed({"well": 1_500, "ill": 1_500})), concurrency=100)
    assert len(beside.world.results) == 3_000
    for model in ("well", "ill"):
        alone = Troubled(trouble)
        alone.world.run(asking([model] * 1_500), concurrency=100)
        assert beside.ended_s[model] <= 1.05 * alone.ended_s[model]


def test_a_slow_model_leaves_the_others_what_it_does_not_use() -> None:
    """It uses as much as the line-up gives it: its lines have the slots that come free in their turn."""
    beside = Troubled(silent, capacity=1_000)
    beside.world.run(asking(mixed({"well": 3_000, "ill": 60})), concurrency=100, max_attempts=1)
    assert beside.ended_s["well"] <= 3_000 / (100 - 60) * 1.05


@given(
    models=st.lists(st.sampled_from(["well", "well", "ill"]), min_size=1, max_size=150),
    concurrency=st.integers(1, 20),
)
def test_each_line_has_one_result_though_a_model_always_refuses(models: list[str], concurrency: int) -> None:
    world = World(lambda line, asking: Answer(0.05, TOO_MANY) if line.model == "ill" else GOOD)
    end = world.run(asking(models), concurrency=concurrency)
    assert sorted(world.results) == list(range(1, len(models) + 1))
    assert (end.tally.succeeded, end.tally.failed) == (len(models) - models.count("ill"), models.count("ill"))
    assert world.most_in_flight <= concurrency


def test_a_bounded_number_of_lines_is_held_while_others_go_first() -> None:
    """Of a model that answers far fewer than there are."""
    world = World(lambda line, asking: Answer(0.01) if line.model == "well" else Answer(20.0))
    models = mixed({"well": 5_000, "slow": 5_000})
    source = asking(models)
    most_held = 0

    def look() -> None:
        nonlocal most_held
        most_held = max(most_held, source.taken - len(world.results) - len(world.in_flight))
        if len(world.results) < len(models):
            world.loop.call_later(0.1, look)

    world.loop.call_soon(look)
    world.run(source, concurrency=200)
    assert MOST_HELD // 2 < most_held <= MOST_HELD + 1


@given(models=st.lists(st.sampled_from("abcd"), max_size=100), concurrency=st.integers(1, FIRST_LIMIT))
def test_nobody_is_passed_whose_model_may_be_asked(models: list[str], concurrency: int) -> None:
    world = World(lambda line, asking: Answer(1.0 + line.number % 3))
    world.run(asking(models), concurrency=concurrency)
    assert [number for _, number in world.asked] == list(range(1, len(models) + 1))


def test_lines_that_are_long_are_not_held_in_numbers() -> None:
    body = bytes(1024 * 1024)
    world = World(lambda line, asking: Answer(0.1) if line.model == "well" else Answer(1e4))
    source = Lines(line(number, body, "well" if number % 2 else "slow") for number in range(1, 1_001))
    taken: list[int] = []
    world.loop.call_later(60.0, lambda: taken.append(source.taken - len(world.results)))
    world.run(source, concurrency=64)
    assert 64 <= taken[0] <= 64 + 64 + 1
    assert len(world.results) == 1_000


def test_further_models_share_what_one_has() -> None:
    world = World(lambda line, asking: Answer(10.0))
    names = [f"m{number}" for number in range(MOST_MODELS)]
    others = [*(f"other-{number}" for number in range(200)), *("x" * (LONGEST_NAME + at) for at in range(1, 99))]
    world.run(asking([*names, *others]), concurrency=1_000)
    assert world.most_in_flight == MOST_MODELS + FIRST_LIMIT
    assert len(world.results) == len(names) + len(others)


@pytest.mark.parametrize("after", range(0, 40, 3))
def test_a_stop_names_the_first_line_without_a_result(after: int) -> None:
    """Lines of one model are far ahead of those of the other by then."""
    world = World(lambda line, asking: GOOD if line.model == "well" else Answer(0.1, TOO_MANY))
    batch = world.batch(asking(["well"] * 3 + ["ill", "well", "well"] * 100), BatchLimits(concurrency=5))
    world.loop.call_later(after * 1.5, batch.stop)
    end = world.loop.run(batch.run())
    left = [number for number in range(1, 304) if number not in world.results]
    assert end.reason is EndReason.STOPPED
    assert end.resume_at is not None
    assert end.resume_at.number == left[0]


def test_who_is_turned_away_waits_and_its_model_with_it() -> None:
    """A model that is left alone for half a minute again and again: nobody's askings are used up."""
    turned_away = 0

    def answers(line: BatchLine, asking: int) -> Answer:
        nonlocal turned_away
        passed_s = (world.loop.now_s - BEGINNING_S) % 60.0
        if passed_s < 30.0:
            return Answer(0.5)
        turned_away += 1
        return nobody(60.0 - passed_s)

    world = World(answers)
    end = world.run(3_000, concurrency=10, max_attempts=1)
    assert end.tally.succeeded == 3_000
    assert world.loop.now_s - BEGINNING_S <= 300.0
    assert turned_away <= 5 * (10 + 8)


def test_the_others_go_on_while_a_model_is_left_alone() -> None:
    def answers(line: BatchLine, asking: int) -> Answer:
        left_s = BEGINNING_S + 100.0 - world.loop.now_s
        return nobody(left_s) if line.model == "m0" and 1.0 < left_s < 99.0 else Answer(0.5)

    world = World(answers, models=2)
    world.run(1_000, concurrency=20)
    others_s = [at_s for at_s, number in world.asked if number % 2]
    assert max(others_s) - BEGINNING_S <= 500 / 20 * 0.5 + 2.0
    assert world.loop.now_s - BEGINNING_S <= 115.0


def test_who_is_turned_away_by_a_model_that_never_answered_is_asked_so_often_and_no_more() -> None:
    world = World(lambda line, asking: nobody(0.1))
    end = world.run(100, concurrency=10, max_attempts=3)
    assert end.tally.failed == 100
    assert set(world.askings.values()) == {3}


@pytest.mark.parametrize("wait_s", [0.0, 0.1, 10.0, 3_000.0])
def test_one_that_is_always_turned_away_ends_it_all_the_same(wait_s: float) -> None:
    """While others of its model are answered: a prompt, say, for which there is never room."""
    world = World(lambda line, asking: nobody(wait_s) if line.number == 7 else Answer(1.0))
    end = world.run(20, concurrency=1)
    assert (end.tally.succeeded, end.tally.failed) == (19, 1)
    took_s = world.loop.now_s - BEGINNING_S
    assert PATIENCE_S <= took_s <= PATIENCE_S + 60.0 + 6 * (wait_s + 5.0)


def test_a_model_that_answers_no_more_ends_it_all_the_same() -> None:
    world = World(lambda line, asking: nobody(10.0) if line.number > 5 else Answer(1.0))
    end = world.run(500, concurrency=5)
    assert (end.tally.succeeded, end.tally.failed) == (5, 495)
    assert world.loop.now_s - BEGINNING_S >= PATIENCE_S


_OUTCOMES = st.builds(
    Answer,
    latency_s=st.sampled_from([None, 0.0, 0.3, 4.0]),
    error=st.sampled_from(
        [None, None, TOO_MANY, NoDeployment("no", retry_after_s=2.0), NoDeployment("no", retry_after_s=0.0)]
    ),
    attempts=st.integers(0, 2),
)


@given(
    script=st.lists(st.tuples(st.sampled_from("abc"), st.lists(_OUTCOMES, max_size=6)), max_size=25),
    concurrency=st.integers(1, 6),
    max_attempts=st.integers(1, 3),
)
def test_whoever_is_turned_away_whenever_each_line_has_one_result(
    script: list[tuple[str, list[Answer]]], concurrency: int, max_attempts: int
) -> None:
    asked: dict[int, list[FeatherGateError | None]] = {}

    def answers(line: BatchLine, asking: int) -> Answer:
        planned = script[line.number - 1][1]
        answer = planned[asking - 1] if asking <= len(planned) else GOOD
        if answer.attempts or answer.error is None:
            asked.setdefault(line.number, []).append(answer.error)
        return answer

    world = World(answers)
    end = world.run(asking([model for model, _ in script]), concurrency=concurrency, max_attempts=max_attempts)
    assert (end.reason, end.resume_at) == (EndReason.COMPLETE, None)
    assert sorted(world.results) == list(range(1, len(script) + 1))
    assert all(len(errors) <= max_attempts for errors in asked.values())
    assert all(world.results[number].error is None for number, errors in asked.items() if errors[-1] is None)
    assert world.most_in_flight <= concurrency
