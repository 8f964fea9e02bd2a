"""The page that Prometheus scrapes."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Protocol, TypeAlias

from adapters.observability.counting import CallCounts
from adapters.observability.families import Family, Snapshot, Type
from adapters.observability.metric_families import CallCollector
from adapters.observability.totals import Others, add_up

AskOthers: TypeAlias = Callable[[Snapshot], Awaitable[Others]]
"""Given what this process is about to show, what all others counted."""


class FamilySource(Protocol):
    """Tells what was counted somewhere."""

    def collect(self) -> Iterable[Family]:
        """Every family, as it stands now."""
        ...


class MetricsPage:
    """Renders what was counted, and the memory, CPU and open files of the process; of all workers, once joined.

    further: makes a source of what else there is to tell, when somebody asks.
    """

    def __init__(self, counts: CallCounts, further: Callable[[], FamilySource] | None = None) -> None:
        self._calls = CallCollector(counts)
        self._further = further
        self._sources: tuple[FamilySource, ...] | None = None
        self._ask_others: AskOthers | None = None

    def join(self, ask_others: AskOthers) -> None:
        """From now on this process is one of several, of which `ask_others` tells the rest."""
        self._ask_others = ask_others

    def snapshot(self) -> Snapshot:
        """What this process counted so far."""
        if self._sources is None:
            self._sources = (self._calls,) if self._further is None else (self._calls, self._further())
        return tuple(family for source in self._sources for family in source.collect())

    async def scrape(self, accept: str = "") -> tuple[str, bytes]:
        """The page of all processes. Raises what `ask_others` does."""
        if self._ask_others is None:
            return self.render(accept)
        own = self.snapshot()
        others = await self._ask_others(own)
        return _render((*add_up((own, *others.snapshots)), *_worker_families(others)), others, accept)

    def render(self, accept: str = "") -> tuple[str, bytes]:
        """Content type and body of this process: OpenMetrics where `accept` asks for it, else the text format."""
        return _render(self.snapshot(), None, accept)


def _render(snapshot: Snapshot, others: Others | None, accept: str) -> tuple[str, bytes]:
    # prometheus-client takes longer to import than everything else here together: only who scrapes waits
    from adapters.observability.prometheus_page import render_page  # noqa: PLC0415

    return render_page(snapshot, others, accept)


def _worker_families(others: Others) -> Iterator[Family]:
    serving = Family(
        name="feathergate_workers", type=Type.GAUGE, documentation="Worker processes that take connections."
    )
    serving.add((), others.serving)
    restarts = Family(
        name="feathergate_worker_restarts",
        type=Type.COUNTER,
        documentation="Worker processes that ended unasked and were replaced.",
    )
    restarts.add((), others.restarts)
    yield from (serving, restarts)
