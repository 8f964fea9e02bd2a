"""What was seen in a soak, and what of it is not as it should be."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import nan
from statistics import median

from tests.soak.measures import Rest, Sample
from tests.soak.traffic import Tally

_SHARE = 4
"""Memory is compared between the first and the last such part of the samples."""
_MOST_OBJECTS = 100
"""Further objects of one type that may be left at the end: the rarest kind of request comes oftener in ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may be more at the end than after the warm-up."""

    memory_mb: float = 3.0
    objects: int = _MOST_OBJECTS


@dataclass(slots=True, kw_only=True)
class Report:
    """What was seen. `flat_from_s`: from when on memory is to be flat; before and after: the gateway at rest."""

    bounds: Bounds
    flat_from_s: float
    tally: Tally
    samples: list[Sample] = field(default_factory=list)
    before: Rest | None = None
    after: Rest | None = None
    calls: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0
    tracebacks: int = 0
    lost: str = ""

    @property
    def growth_mb(self) -> float:
        """How much more memory there is in the last quarter of the samples than in the first, by medians.

        NaN where there are too few of them.
        """
        levels = [one.memory_mb for one in self.samples if one.at_s >= self.flat_from_s]
        part = len(levels) // _SHARE
        return median(levels[-part:]) - median(levels[:part]) if part else nan

    def flaws(self) -> Iterator[str]:
        """What is not as it should be."""
        if self.lost:
            yield f"the gateway could not be asked any more: {self.lost}"
        for kind, count in self.tally.unexpected.most_common():
            yield f"{count} of {self.tally.asked[kind]} {kind!r} ended as they were not meant to"
        yield from self.tally.words
        if self.tracebacks:
            yield f"{self.tracebacks} tracebacks in the log"
        if not self.growth_mb <= self.bounds.memory_mb:
            yield f"memory grew by {self.growth_mb:.1f} MB, more than {self.bounds.memory_mb:.1f}"
        if self.before is not None and self.after is not None:
            yield from self._left_over(self.before, self.after)

    def _left_over(self, before: Rest, after: Rest) -> Iterator[str]:
        for what, then, now in (
            ("descriptors", before.descriptors, after.descriptors),
            ("tasks", before.tasks, after.tasks),
            ("sockets", 0, after.sockets),
            ("calls in flight", 0, after.in_flight),
        ):
            if now > then:
                yield f"{now} {what} at the end, {then} before"
        for kind, count in _grown(before, after):
            if count > self.bounds.objects:
                yield f"{count} more objects of {kind} at the end"

    def text(self) -> str:
        """The numbers, for people."""
        return "\n".join([*self._traffic_lines(), *self._sample_lines(), *self._rest_lines()])

    def _traffic_lines(self) -> Iterator[str]:
        tally = self.tally
        yield f"{tally.requests} requests, {tally.unexpected.total()} unexpected endings, gateway CPU {self.cpu_s:.1f} s"
        for kind, count in tally.asked.most_common():
            took_ms = sorted(took_s * 1000 for took_s in tally.took_s[kind])
            line = f"  {kind:16} {count:7}  p50 {_quantile(took_ms, 0.5):6.1f} ms  p99 {_quantile(took_ms, 0.99):7.1f} ms"
            yield line
        yield f"vendors were asked for: {', '.join(f'{name} {count}' for name, count in self.calls.most_common())}"

    def _sample_lines(self) -> Iterator[str]:
        yield "   at s  memory MB  descriptors  to clients  to upstreams  tasks  in flight   blocks"
        step = max(1, len(self.samples) // 24)
        for one in self.samples[::step]:
            yield (
                f"{one.at_s:7.0f} {one.memory_mb:10.1f} {one.descriptors:12} {one.clients:11} "
                f"{sum(one.upstream.values()):13} {one.tasks:6} {one.in_flight:10} {one.blocks:8}"
            )
        states = sorted({state for one in self.samples for state in one.upstream})
        worst = (f"{state} {max(one.upstream.get(state, 0) for one in self.samples)}" for state in states)
        yield f"sockets to upstreams at most: {', '.join(worst) or 'none'}"
        yield f"memory grew by {self.growth_mb:+.2f} MB from {self.flat_from_s:.0f} s on (first to last quarter, medians)"

    def _rest_lines(self) -> Iterator[str]:
        for name, rest in (("after the warm-up", self.before), ("at the end", self.after)):
            if rest is not None:
                yield (
                    f"at rest {name}: {rest.descriptors} descriptors, {rest.sockets} sockets, {rest.tasks} tasks, "
                    f"{rest.in_flight} in flight, {rest.blocks} blocks, {sum(rest.objects.values())} objects"
                )
        if self.before is not None and self.after is not None:
            grown = [f"{kind} {count:+}" for kind, count in _grown(self.before, self.after)[:5] if count > 0]
            yield f"grown most: {', '.join(grown) or 'nothing'}"


def _grown(before: Rest, after: Rest) -> list[tuple[str, int]]:
    """By how much each type grew, most first."""
    grown = {kind: count - before.objects.get(kind, 0) for kind, count in after.objects.items()}
    return sorted(grown.items(), key=lambda one: -one[1])


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
