"""Print what routing makes of failing fleets: `python -m tests.simulation.report`."""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from domain.routing.policy import CooldownPolicy, RoutingPolicy, Strategy
from tests.simulation.fleets import LONES, THREES, SimulatedFleet
from tests.simulation.simulating import Outcome, simulate

_HEAD = """\
| fleet | strategy | breaker | answered % | wasted tries | p50 s | p99 s | in vain | probes |
|---|---|---|---:|---:|---:|---:|---:|---:|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    fleet: SimulatedFleet
    strategy: Strategy = Strategy.SIMPLE_SHUFFLE
    breaks: bool = True

    def outcome(self) -> Outcome:
        policy = RoutingPolicy(strategy=self.strategy, cooldown=CooldownPolicy(enabled=self.breaks))
        return simulate(self.fleet, policy)

    def row(self, outcome: Outcome) -> str:
        told = (
            self.fleet.name,
            self.strategy.removesuffix("-routing"),
            "on" if self.breaks else "off",
            f"{100 * outcome.availability:.2f}",
            f"{outcome.wasted:.1f}",
            f"{outcome.quantile_s(0.5):.2f}",
            f"{outcome.quantile_s(0.99):.2f}",
            str(outcome.most_in_vain),
            str(outcome.probes_in_vain),
        )
        return f"| {' | '.join(told)} |\n"


def _runs() -> Iterator[_Run]:
    for fleet in THREES:
        for strategy in (Strategy.SIMPLE_SHUFFLE, Strategy.LEAST_BUSY, Strategy.LATENCY):
            yield _Run(fleet=fleet, strategy=strategy)
        yield _Run(fleet=fleet, breaks=False)
    for fleet in LONES:
        for breaks in (True, False):
            yield _Run(fleet=fleet, breaks=breaks)


def main() -> None:
    began_s = perf_counter()
    runs = list(_runs())
    calls = 0
    sys.stdout.write(_HEAD)
    with ProcessPoolExecutor() as pool:
        for run, outcome in zip(runs, pool.map(_Run.outcome, runs), strict=True):
            calls += outcome.calls
            sys.stdout.write(run.row(outcome))
            sys.stdout.flush()
    hours = sum(run.fleet.seconds for run in runs) / 3_600
    sys.stderr.write(f"{calls:,} calls, {hours:.1f} hours of traffic, in {perf_counter() - began_s:.0f} s\n")


if __name__ == "__main__":
    main()
