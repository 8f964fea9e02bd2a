"""Rounds: every case once, then every case again in another order.

What else the machine does then hits all of them alike.
"""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bench.dialects import Chat, Request
from bench.load.wrk import Answered, LoadFailed, closed_loop
from bench.report.rows import Row, Spread
from bench.systems import Pair, System

Sample = TypeVar("Sample")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each measurement takes, how often it is repeated, and whether only the core rows are wanted."""

    seconds: float = 3.0
    repeats: int = 3
    quick: bool = False

    @property
    def arguments(self) -> str:
        """What makes `python -m bench` measure so."""
        return f"{'--quick ' if self.quick else ''}--seconds {self.seconds:g} --repeats {self.repeats}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[Sample]):
    """Something to measure under a name; `warm_up` comes before the first time."""

    name: str
    measure: Callable[[], Awaitable[Sample]]
    warm_up: Callable[[], Awaitable[object]] | None = None


@dataclass(slots=True)
class Found(Generic[Sample]):
    """The samples of a case; where it failed, those from before, and why."""

    samples: list[Sample] = field(default_factory=list)
    problem: str = ""


async def interleaved(cases: Sequence[Case[Sample]], repeats: int) -> dict[str, Found[Sample]]:
    """Measure every case `repeats` times, in turns; what is found by the names of the cases."""
    found = {case.name: Found[Sample]() for case in cases}
    for turn in range(repeats):
        for case in cases if turn % 2 == 0 else reversed(cases):
            outcome = found[case.name]
            if outcome.problem:
                continue
            try:
                if turn == 0 and case.warm_up is not None:
                    await case.warm_up()
                outcome.samples.append(await case.measure())
            except (LoadFailed, OSError, TimeoutError) as problem:
                outcome.problem = str(problem) or type(problem).__name__
                say(f"{case.name}: {outcome.problem}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """A closed-loop run, with what it cost the system: CPU a request (µs), and its share of a core."""

    answered: Answered
    cpu_us: float | None
    core_share: float


async def throughput(system: System, request: Request, *, connections: int, seconds: float) -> Throughput:
    """One run of wrk. Raises LoadFailed."""
    process = system.process
    before_s = process.cpu_s() if process else 0.0
    answered = await closed_loop(request, connections=connections, seconds=seconds)
    used_s = process.cpu_s() - before_s if process else 0.0
    cpu_us = used_s / answered.requests * 1e6 if process and answered.requests else None
    return Throughput(answered=answered, cpu_us=cpu_us, core_share=used_s / answered.seconds)


def throughput_case(
    system: System, pair: Pair, chat: Chat, *, connections: int, seconds: float
) -> Case[Throughput] | None:
    """A case under the system's name, or None where it does not take the pair."""
    request = system.ask(pair, chat)
    if request is None:
        return None

    def run(for_s: float) -> Awaitable[Throughput]:
        return throughput(system, request, connections=connections, seconds=for_s)

    return Case(name=system.name, measure=lambda: run(seconds), warm_up=lambda: run(1.0))


def throughput_row(what: str, system: str, found: Found[Throughput]) -> Row:
    """Requests a second of the runs in which none failed, and how much of a core they took.

    Less than all of it means that the system also waited: for the load, for its upstream, or for the machine.
    """
    good = [sample for sample in found.samples if not sample.answered.failed and sample.answered.requests]
    if not good:
        return Row(what=what, system=system, note=found.problem or _unanswered(found.samples))
    share = Spread.of(sample.core_share for sample in good).median
    costs = [sample.cpu_us for sample in good if sample.cpu_us is not None]
    runs = len(found.samples) + bool(found.problem)
    notes = [f"{share:.0%} of a core"] if costs else []
    if len(good) < runs:
        notes.append(f"{runs - len(good)} of {runs} runs failed")
    return Row(
        what=what,
        system=system,
        unit="requests/s",
        value=Spread.of(sample.answered.per_s for sample in good),
        cpu_us=Spread.of(costs) if costs else None,
        note="; ".join(notes),
    )


def _unanswered(samples: Sequence[Throughput]) -> str:
    """Why no run counts."""
    failures = sum(sample.answered.failed for sample in samples)
    return f"{failures} requests failed or came too late" if failures else "no request was answered within a run"


def say(words: str) -> None:
    """Progress, for who watches."""
    print(words, file=sys.stderr, flush=True)
