"""Batches in virtual time: a provider that does as a script says, and everything that happened."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from application.batch.run import BatchEnd, BatchLimits, RunBatch
from domain.batch.line import BatchLine, LineEstimate, LineOutcome, LineShape
from domain.chat.usage import Usage
from domain.errors import FeatherGateError
from tests.domain.batch.outcomes import outcome
from tests.virtual_time import VirtualTimeLoop, virtual_time


@dataclass(frozen=True, slots=True)
class Answer:
    """What one asking leads to, and when; latency_s = None: at once, without the others having a turn."""

    latency_s: float | None = 1.0
    error: FeatherGateError | None = None
    cost_usd: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    attempts: int = 1


GOOD = Answer()


def line(number: int, body: bytes = b"{}", model: str = "m") -> BatchLine:
    return BatchLine(
        number=number,
        custom_id=f"line-{number}",
        shape=LineShape.BARE,
        path="/v1/chat/completions",
        model=model,
        body=body,
    )


class Lines:
    """A LineSource over lines; counts those that were taken."""

    def __init__(self, lines: Iterable[BatchLine]) -> None:
        self._lines = iter(lines)
        self.taken = 0

    def next_line(self) -> BatchLine | None:
        found = next(self._lines, None)
        self.taken += found is not None
        return found


@dataclass(slots=True)
class World:
    """Asks, keeps results and watches, all in one; `answers` tells what asking number n (from 1) of a line leads to.

    models: how many there are, which the lines that it makes ask for in turn.
    """

    answers: Callable[[BatchLine, int], Answer]
    estimates: Callable[[BatchLine], LineEstimate] = lambda line: LineEstimate(
        prompt_tokens=0, answer_tokens=0, cost_usd=0.0
    )
    models: int = 1
    loop: VirtualTimeLoop = field(default_factory=virtual_time)
    asked: list[tuple[float, int]] = field(default_factory=list)
    """When which line was asked."""
    beside: list[int] = field(default_factory=list)
    """How many were in flight at each asking, itself among them."""
    results: dict[int, LineOutcome] = field(default_factory=dict)
    told: list[tuple[str, int]] = field(default_factory=list)
    waits: dict[int, list[float]] = field(default_factory=dict)
    askings: dict[int, int] = field(default_factory=dict)
    in_flight: set[int] = field(default_factory=set)

    @property
    def most_in_flight(self) -> int:
        return max(self.beside, default=0)

    def line(self, number: int) -> BatchLine:
        return line(number, model=f"m{number % self.models}")

    async def ask(self, line: BatchLine) -> LineOutcome:
        assert line.number not in self.in_flight
        assert line.number not in self.results
        self.asked.append((self.loop.now_s, line.number))
        self.askings[line.number] = self.askings.get(line.number, 0) + 1
        self.in_flight.add(line.number)
        self.beside.append(len(self.in_flight))
        try:
            answer = self.answers(line, self.askings[line.number])
            if answer.latency_s is not None:
                await asyncio.sleep(answer.latency_s)
        finally:
            self.in_flight.remove(line.number)
        return as_outcome(answer)

    def estimate(self, line: BatchLine) -> LineEstimate:
        return self.estimates(line)

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        assert line.number not in self.results
        self.results[line.number] = outcome

    def asking(self, line: BatchLine) -> None:
        self.told.append(("asking", line.number))

    def retrying(self, line: BatchLine, outcome: LineOutcome, wait_s: float) -> None:
        self.told.append(("retrying", line.number))
        self.waits.setdefault(line.number, []).append(self.loop.now_s + wait_s)

    def finished(self, line: BatchLine, outcome: LineOutcome) -> None:
        assert self.results[line.number] is outcome
        self.told.append(("finished", line.number))

    def batch(self, lines: int | Lines, limits: BatchLimits) -> RunBatch:
        """A run of lines 1 to `lines`, in this world."""
        source = lines if isinstance(lines, Lines) else Lines(map(self.line, range(1, lines + 1)))
        return RunBatch(self, source, self, limits=limits, clock=self.loop, watch=self, draw=lambda: 0.5)

    def run(self, lines: int | Lines, **limits: float) -> BatchEnd:
        """Run them to the end."""
        return self.loop.run(self.batch(lines, BatchLimits(**limits)).run())  # type: ignore[arg-type]  # ints as floats


def as_outcome(answer: Answer) -> LineOutcome:
    usage = Usage(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens)
    return outcome(
        answer.error,
        usage=usage,
        cost_usd=answer.cost_usd,
        duration_s=answer.latency_s or 0.0,
        attempts=answer.attempts,
    )


def scripted(script: Sequence[Sequence[Answer]]) -> Callable[[BatchLine, int], Answer]:
    """Line n has the answers script[n - 1], one after the other; then, and where there are none, good ones."""

    def answers(line: BatchLine, asking: int) -> Answer:
        answers = script[line.number - 1] if line.number <= len(script) else ()
        return answers[asking - 1] if asking <= len(answers) else GOOD

    return answers
