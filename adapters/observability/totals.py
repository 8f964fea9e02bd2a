"""Adds up what several workers counted, those that are gone included."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.observability.counting import MAX_LABEL_SETS, OTHER
from adapters.observability.families import Family, Snapshot, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What a worker that is scraped learns of the rest.

    snapshots:  what each of the others counted, and those that are gone together.
    pids:       of all processes that there are, the supervisor's first.
    gone_cpu_s: CPU time of the workers that are gone.
    serving:    how many workers take connections.
    restarts:   how many died and were replaced.
    """

    snapshots: tuple[Snapshot, ...]
    pids: tuple[int, ...]
    gone_cpu_s: float
    serving: int
    restarts: int


def add_up(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Every family that any of `snapshots` has, with the numbers of all of them, in the order first met."""
    totals: dict[str, Family] = {}
    for snapshot in snapshots:
        for family in snapshot:
            total = totals.get(family.name)
            if total is None:
                total = totals[family.name] = replace(family, rows={})
            total.bounds = total.bounds or family.bounds
            for labels, numbers in family.rows.items():
                total.merge(labels, numbers)
    return tuple(totals.values())


def lasting(snapshot: Snapshot, max_label_sets: int = MAX_LABEL_SETS) -> Snapshot:
    """What is left of a worker that is gone: its counters and histograms.

    Label sets beyond `max_label_sets` are counted under OTHER, as within a worker: configurations, and with them
    deployments, come and go.
    """
    return tuple(_bounded(family, max_label_sets) for family in snapshot if family.type is not Type.GAUGE)


def _bounded(family: Family, max_label_sets: int) -> Family:
    if len(family.rows) <= max_label_sets:
        return family
    kept = replace(family, rows={})
    for count, (labels, numbers) in enumerate(family.rows.items()):
        kept.merge(labels if count < max_label_sets else (OTHER,) * len(labels), numbers)
    return kept
