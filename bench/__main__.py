"""Measures FeatherGate beside its peers and prints one table: `make bench`, `make bench-quick`.

usage: python -m bench [--quick] [--seconds S] [--repeats N] [--only PART …] [--results FILE]
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import uvloop

from bench.dialects import Chat
from bench.load.connection import once
from bench.measures import latency, memory, requests, starting, streaming
from bench.measures.rounds import Plan, say
from bench.processes import pin_load, raise_descriptor_limit
from bench.report.machine import Circumstances, render_results
from bench.report.rows import Report, Row
from bench.report.table import render_report, render_targets
from bench.report.targets import targets
from bench.systems import CHAT_PAIR, DIRECT, FEATHERGATE, System, programs, systems, upstreams

Part: TypeAlias = Callable[[Sequence[System], Plan], AsyncIterator[Row]]

_PARTS: Final[dict[str, Part]] = {
    "requests": requests.connections,
    "translations": requests.translations,
    "latency": latency.one_connection,
    "constant": latency.constant,
    "first-token": latency.first_token,
    "most-chunks": streaming.unpaced,  # before the endless streams of `chunks`, which slow peers do not get over
    "chunks": streaming.paced,
    "bodies": requests.bodies,
    "pairs": requests.every_pair,
    "stream-pairs": streaming.every_pair,
}
_CORE: Final = ("requests", "translations", "latency", "constant", "first-token", "chunks")
_STARTS, _MEMORY = "starts", "memory"
_CROWD: Final = 9_000
_DESCRIPTORS_OF_STREAM: Final = 2
_SPARE_DESCRIPTORS: Final = 500
_CROWD_S: Final = 12.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures FeatherGate beside its peers.")
    parser.add_argument("--quick", action="store_true", help="only the core rows, in less than two minutes")
    parser.add_argument("--seconds", type=float, help="how long each run takes (3, quick: 1)")
    parser.add_argument("--repeats", type=int, help="how often each run is repeated (3, quick: 2)")
    parser.add_argument("--only", nargs="+", choices=(_STARTS, *_PARTS, _MEMORY), help="these parts only")
    parser.add_argument("--results", type=Path, help="write what was found to this file too")
    given = parser.parse_args()
    usual = Plan(seconds=1.0, repeats=2, quick=True) if given.quick else Plan()
    plan = Plan(seconds=given.seconds or usual.seconds, repeats=given.repeats or usual.repeats, quick=usual.quick)
    parts = frozenset(given.only or ((_STARTS, *_CORE) if plan.quick else (_STARTS, *_PARTS, _MEMORY)))
    circumstances = Circumstances.now(pin_load(), raise_descriptor_limit())
    report = uvloop.run(measure(plan, parts, circumstances.descriptors))
    text = render_results(circumstances, plan, render_report(report), render_targets(report, targets()))
    print(text)
    if given.results is not None:
        given.results.write_text(text, "utf-8")
    return 0


async def measure(plan: Plan, parts: frozenset[str], descriptors: int) -> Report:
    """Every wanted part, in order of how little it disturbs the next."""
    task = asyncio.current_task()
    assert task is not None
    # Who stops us stops what we started.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    report = Report()
    with upstreams():
        with systems() as (found, absent):
            report.add(Row(what="not compared", system=line.partition(":")[0], note=line) for line in absent)
            answering = [system for system in found if await _answers(system)]
            report.add(memory.idle(answering))
            for name, part in _PARTS.items():
                if name in parts:
                    await _add(report, name, part(answering, plan))
        if _STARTS in parts:
            say(_STARTS)
            report.add(await starting.starts(found, programs(), plan))
        if _MEMORY in parts:
            await _measure_memory(report, descriptors)
    return report


async def _measure_memory(report: Report, descriptors: int) -> None:
    """With gateways that are young, so that what came before is not counted."""
    crowd = min(_CROWD, (descriptors - _SPARE_DESCRIPTORS) // _DESCRIPTORS_OF_STREAM)
    with systems() as (found, _):
        compared = [system for system in found if system.name in (DIRECT, FEATHERGATE)]
        gateway = compared[-1]
        await _answers(gateway)
        await _add(report, _MEMORY, memory.growth(gateway))
        await _add(report, "open streams", memory.per_stream(gateway, (1_000, crowd)))
        await _add(report, "crowd", streaming.crowd(compared, crowd, _CROWD_S))


async def _answers(system: System) -> bool:
    request = system.ask(CHAT_PAIR, Chat())
    answered = request is not None and await once(request)
    if not answered:
        say(f"{system.name} does not answer and is left out")
    return answered


async def _add(report: Report, name: str, part: AsyncIterator[Row]) -> None:
    began_s = time.perf_counter()
    async for row in part:
        report.add([row])
    say(f"{name}: {time.perf_counter() - began_s:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
