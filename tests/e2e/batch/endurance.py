"""A batch of every kind of line over failing upstreams, killed again and again, each time without a word.

`python -m tests.e2e.batch.endurance` runs ten thousand requests with twenty kills, prints what was seen, and fails
where it is not as it should be.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.e2e.batch.batch_process import start_batch, succeeded, whole_lines
from tests.e2e.batch.failing_fleet import Call, FailingFleet
from tests.e2e.batch.mixed_lines import custom_id, mixed, write_lines
from tests.e2e.scripted_upstream import running_upstream
from tests.long_runs import exit_status

_EARLY_S = 1.0
_RUN_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many requests, killed how often, how many at a time."""

    requests: int = 10_000
    kills: int = 20
    concurrency: int = 64
    seed: int = 11


@dataclass(slots=True, kw_only=True)
class Report:
    """What was seen. kept: the ids whose results were there after each run; took_s: of each run."""

    plan: Plan
    calls: list[Call]
    kept: list[set[str]] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    results: list[dict[str, object]] = field(default_factory=list)
    exit_code: int = -1
    told: str = ""

    def flaws(self) -> Iterator[str]:
        """What is not as it should be."""
        plan = self.plan
        wanted = Counter(custom_id(number) for number in range(1, plan.requests + 1))
        if Counter(str(result["custom_id"]) for result in self.results) != wanted:
            yield f"{len(self.results)} results are not each of {plan.requests} requests once"
        if failed := sum(not succeeded(result) for result in self.results):
            yield f"{failed} requests failed"
        if self.exit_code != 0:
            yield f"the last run ended with {self.exit_code}: {self.told}"
        for run, kept in enumerate(self.kept):
            again = {call.custom_id for call in self.calls if int(call.run) > run} & kept
            if again:
                yield f"{len(again)} requests whose results were kept by run {run} were asked again"
            lost = self.lost(run)
            if len(lost) > plan.concurrency:
                yield f"run {run} lost {len(lost)} answers, more than {plan.concurrency} in flight"

    def lost(self, run: int) -> set[str]:
        """What was answered well in a run, and has no result."""
        return {call.custom_id for call in self.calls if call.good and int(call.run) == run} - self.kept[run]

    def text(self) -> str:
        """The numbers, for people."""
        good = Counter(call.custom_id for call in self.calls if call.good)
        failed = sum(not call.good for call in self.calls)
        return "\n".join(
            [
                f"{len(self.results)} results, {sum(map(succeeded, self.results))} of them answers",
                f"{len(self.calls)} calls, {failed} of them failed",
                f"{sum(n > 1 for n in good.values())} requests answered more than once, at most {max(good.values())} times",
                f"runs: {', '.join(f'{took:.1f}' for took in self.took_s)} s; in all {sum(self.took_s):.1f} s",
                f"results kept after each: {', '.join(str(len(kept)) for kept in self.kept)}",
                f"answers lost by each kill: {', '.join(str(len(self.lost(run))) for run in range(self.plan.kills))}",
            ]
        )


def endure(plan: Plan, folder: Path) -> Report:
    """Run the plan; `folder` is for its files."""
    requests = write_lines(folder / "requests.jsonl", mixed(plan.requests))
    output, config, log = (folder / name for name in ("results.jsonl", "gateway.yaml", "log.txt"))
    random = Random(plan.seed)
    with running_upstream() as upstream:
        fleet = FailingFleet(upstream, seed=plan.seed)
        config.write_text(fleet.configuration(), encoding="utf-8")
        report = Report(plan=plan, calls=fleet.calls)
        for run in range(plan.kills + 1):
            began_s = time.monotonic()
            arguments = (requests, "-o", output, "-c", config, "--resume", f"--concurrency={plan.concurrency}")
            with log.open("w+b") as stderr:
                process = start_batch(*arguments, environment={"RUN": str(run)}, stderr=stderr.fileno())
                if run < plan.kills:
                    _wait_a_while(process, fleet, random, plan)
                    process.send_signal(signal.SIGKILL)
                process.communicate(timeout=_RUN_S)
            report.took_s.append(time.monotonic() - began_s)
            report.results = whole_lines(output)
            report.kept.append({str(result["custom_id"]) for result in report.results})
            report.exit_code, report.told = process.returncode, log.read_text("utf-8")[-2_000:]
    return report


def _wait_a_while(process: subprocess.Popen[bytes], fleet: FailingFleet, random: Random, plan: Plan) -> None:
    """Wait for a random moment: one in ten before much has begun, else after a part of the calls."""
    if random.random() < 0.1:
        try:
            process.wait(random.uniform(0, _EARLY_S))
        except subprocess.TimeoutExpired:
            return
    enough = len(fleet.calls) + random.randint(1, max(1, 2 * plan.requests // (plan.kills + 1)))
    while process.poll() is None and not fleet.wait_for(enough, timeout_s=0.1):
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("requests", "kills", "concurrency", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan(), name))
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder:
        report = endure(plan, Path(folder))
    return exit_status(report)


if __name__ == "__main__":
    sys.exit(main())
