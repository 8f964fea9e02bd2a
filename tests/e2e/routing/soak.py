"""Steady traffic while one deployment after another is killed and comes back.

`python -m tests.e2e.routing.soak` runs two minutes at 200 requests a second, prints what was seen and fails where it
is not as it should be.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.canned.contents import Asked
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import running_gateway
from tests.e2e.routing.formats import FORMATS, TOKENS
from tests.e2e.routing.raw_clients import CLIENTS, callers
from tests.e2e.routing.speech import Speech
from tests.e2e.scripted_upstream import Act, ScriptedUpstream, running_upstream
from tests.long_runs import exit_status

DEPLOYMENTS = ("a", "b", "c")
ANSWER_S = 0.03
MOST_FAILED_TRIES = 10
"""What a kill may cost."""
SETTLED_S = 1.0
"""So long after a kill only probes go to the dead one."""
PROBE_GAP_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much traffic for how long, and for how long each deployment is dead and all of them are alive."""

    rate: float = 200.0
    seconds: float = 120.0
    dead_s: float = 6.0
    alive_s: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request: when it began and ended (seconds of the soak), who answered after how many retries.

    outcome: `answered`, `broken` after its first token, or what the failure was.
    """

    began_s: float
    ended_s: float
    outcome: str
    by: str
    retries: int

    @property
    def failed_tries(self) -> int:
        return self.retries + (self.outcome == "broken")


@dataclass(slots=True, kw_only=True)
class Kill:
    """A deployment's death: when, until when, and when it answered again."""

    deployment: str
    at_s: float
    back_s: float = 0.0
    cost: int = 0
    probes: int = 0
    answered_s: float | None = None

    @property
    def allowed_probes(self) -> int:
        return 1 + int((self.back_s - self.at_s - SETTLED_S) / PROBE_GAP_S)


@dataclass(slots=True, kw_only=True)
class Report:
    """What was seen."""

    plan: Plan
    askings: list[Asking] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)

    def settle(self) -> None:
        """Count what each kill cost, once the traffic is over."""
        for kill, until_s in zip(self.kills, [*(k.at_s for k in self.kills[1:]), float("inf")], strict=True):
            tries = [one for one in self.askings if kill.at_s <= one.ended_s < until_s]
            settled_s = kill.at_s + SETTLED_S
            kill.cost = sum(one.failed_tries for one in tries if one.ended_s < settled_s)
            kill.probes = sum(one.failed_tries for one in tries if one.ended_s >= settled_s)
            answers = (one.ended_s for one in tries if one.by == kill.deployment and one.began_s > kill.back_s)
            kill.answered_s = min(answers, default=None)

    def flaws(self) -> Iterator[str]:
        """What is not as it should be."""
        failed = Counter(one.outcome for one in self.askings if one.outcome not in ("answered", "broken"))
        if failed:
            yield f"failed although a healthy deployment was there: {dict(failed)}"
        for kill in self.kills:
            if kill.cost > MOST_FAILED_TRIES:
                yield f"the kill at {kill.at_s:.1f} s cost {kill.cost} failed tries, more than {MOST_FAILED_TRIES}"
            if kill.probes > kill.allowed_probes:
                yield f"the one killed at {kill.at_s:.1f} s was asked {kill.probes} more times, more than {kill.allowed_probes} probes"

    def text(self) -> str:
        """The numbers, for people."""
        took_ms = sorted((one.ended_s - one.began_s) * 1000 for one in self.askings)
        outcomes = Counter(one.outcome for one in self.askings)
        rate = len(self.askings) / max(one.ended_s for one in self.askings)
        lines = [
            f"{len(self.askings)} requests, {rate:.0f}/s, {len(self.kills)} kills",
            f"outcomes: {', '.join(f'{count} {outcome}' for outcome, count in outcomes.most_common())}",
            f"retried: {sum(one.retries > 0 for one in self.askings)}",
            f"ms: p50 {_quantile(took_ms, 0.5):.0f}, p99 {_quantile(took_ms, 0.99):.0f}, most {took_ms[-1]:.0f}",
        ]
        for kill in self.kills:
            back = "-" if kill.answered_s is None else f"{kill.answered_s - kill.back_s:.2f} s"
            lines.append(
                f"{kill.deployment} dead {kill.at_s:6.1f} to {kill.back_s:6.1f} s: {kill.cost} failed tries, "
                f"then {kill.probes} probes; answers {back} after its return"
            )
        return "\n".join(lines)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def soak(plan: Plan, folder: Path) -> Report:
    """Run the plan; `folder` is for the configuration."""
    with ExitStack() as stack:
        upstreams = {name: stack.enter_context(running_upstream()) for name in DEPLOYMENTS}
        for name, upstream in upstreams.items():
            upstream.scripts[name] = _answering
        gateway = stack.enter_context(running_gateway(_configuration(upstreams), folder))
        report = Report(plan=plan)
        async with callers(gateway) as clients:
            began_s = asyncio.get_running_loop().time()
            await asyncio.gather(_traffic(clients, report, began_s), _killing(upstreams, report, began_s))
    assert "Traceback" not in gateway.output
    report.settle()
    return report


def _answering(asked: Asked, _: int) -> Sequence[Act]:
    stream = bool(asked.body.get("stream"))
    return Speech(FORMATS["chat"], stream, keeps_alive=True).paced(ANSWER_S)


def _configuration(upstreams: dict[str, ScriptedUpstream]) -> str:
    deployments: list[dict[str, Any]] = [
        {
            "model_name": "soaked",
            "litellm_params": {
                "model": f"hosted_vllm/{name}",
                "api_base": f"{upstream.base}/v1",
                "api_key": "sk-up",
            },
            "model_info": {"id": name, "dialects": ["openai_chat"]},
        }
        for name, upstream in upstreams.items()
    ]
    return json.dumps({"model_list": deployments, "general_settings": {"master_key": MASTER_KEY}})


async def _traffic(clients: Sequence[httpx.AsyncClient], report: Report, began_s: float) -> None:
    """Ask at an even pace, whether answers come or not; every other request streams."""
    loop, plan = asyncio.get_running_loop(), report.plan
    async with asyncio.TaskGroup() as group:
        for number in range(int(plan.rate * plan.seconds)):
            await asyncio.sleep(began_s + number / plan.rate - loop.time())
            http = clients[number % len(clients)]
            group.create_task(_ask(http, report, began_s, stream=number // len(clients) % 2 == 0))


async def _ask(http: httpx.AsyncClient, report: Report, began_s: float, *, stream: bool) -> None:
    loop = asyncio.get_running_loop()
    asked_s = loop.time() - began_s
    answer, said = await CLIENTS["chat"].ask(http, "soaked", stream=stream)
    if said.error is not None:
        outcome = "broken" if said.tokens else f"{answer.status_code} {said.error['message']}"
    else:
        outcome = "answered" if said.finished and said.tokens == TOKENS else "not finished"
    report.askings.append(
        Asking(
            began_s=asked_s,
            ended_s=loop.time() - began_s,
            outcome=outcome,
            by=answer.headers.get("x-litellm-model-id", ""),
            retries=int(answer.headers.get("x-litellm-attempted-retries", "0")),
        )
    )


async def _killing(upstreams: dict[str, ScriptedUpstream], report: Report, began_s: float) -> None:
    """Kill one after the other, as long as there is time to see it come back."""
    loop, plan = asyncio.get_running_loop(), report.plan
    turn_s = plan.dead_s + plan.alive_s
    for number in range(int(plan.seconds / turn_s)):
        name = DEPLOYMENTS[number % len(DEPLOYMENTS)]
        await asyncio.sleep(began_s + number * turn_s + plan.alive_s / 2 - loop.time())
        kill = Kill(deployment=name, at_s=loop.time() - began_s)
        report.kills.append(kill)
        await asyncio.to_thread(upstreams[name].kill)
        await asyncio.sleep(plan.dead_s)
        await asyncio.to_thread(upstreams[name].revive)
        kill.back_s = loop.time() - began_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("rate", "seconds", "dead-s", "alive-s"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Plan(), name.replace("-", "_")))
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(soak(plan, Path(folder)))
    return exit_status(report)


if __name__ == "__main__":
    sys.exit(main())
