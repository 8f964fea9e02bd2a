"""Streams: what a chunk costs at a given pace, how many go through at most, how a crowd of streams fares."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.dialects import Chat, Dialect, Request
from bench.load.streams import NotFlowing, open_streams, set_pace
from bench.load.wrk import LoadFailed
from bench.measures.rounds import Case, Found, Plan, interleaved
from bench.mock.server import ENDLESS, Pace
from bench.report import rows
from bench.report.rows import Row, Spread
from bench.systems import CHAT_PAIR, CHAT_TO_MESSAGES, DIRECT, FEATHERGATE, NGINX, PAIRS, Pair, System

_STREAMS: Final = 64
_PACED_PER_S: Final = 6_000
_TOKENS_OF_ANSWER: Final = 200
_SETTLE_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Chunks that arrived a second, and what each cost the system (µs of CPU)."""

    per_s: float
    cpu_us: float | None
    core_share: float


async def paced(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """6,000 chunks a second, handed on by everybody."""
    pace = Pace(tokens=ENDLESS, interval_s=_STREAMS / _PACED_PER_S)
    if plan.quick:
        systems = [system for system in systems if system.name in (DIRECT, NGINX, FEATHERGATE)]
    for pair in (CHAT_PAIR, CHAT_TO_MESSAGES):
        cases = _cases(systems, pair, partial(_flow, pace=pace, repeat=False, seconds=plan.seconds))
        for name, found in (await interleaved(cases, plan.repeats)).items():
            yield _flow_row(rows.paced_chunks(pair), name, found)


async def unpaced(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """As many chunks as are taken, in answers of 200 tokens, by everybody; then all pairs through FeatherGate."""
    flow = partial(_flow, pace=Pace(tokens=_TOKENS_OF_ANSWER), repeat=True, seconds=plan.seconds)
    for pair in (CHAT_PAIR, CHAT_TO_MESSAGES):
        for name, found in (await interleaved(_cases(systems, pair, flow), plan.repeats)).items():
            yield _flow_row(rows.most_chunks(pair), name, found)


async def every_pair(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """All sixteen pairs through FeatherGate, in turns with each other, as fast as they are taken."""
    gateway = [system for system in systems if system.name == FEATHERGATE]
    flow = partial(_flow, pace=Pace(tokens=_TOKENS_OF_ANSWER), repeat=True, seconds=1.0)
    cases = [Case(name=str(pair), measure=case.measure) for pair in PAIRS for case in _cases(gateway, pair, flow)]
    for name, found in (await interleaved(cases, plan.repeats)).items():
        yield _flow_row(f"{name} streamed, all pairs in turns", FEATHERGATE, found)


async def crowd(systems: Sequence[System], count: int, seconds: float) -> AsyncIterator[Row]:
    """Very many streams with a token each two seconds, directly and through the gateway."""
    await set_pace(Pace(tokens=ENDLESS, interval_s=2.0))
    quantiles: dict[str, dict[int, float]] = {}
    for system in systems:
        request = system.ask(CHAT_PAIR, Chat(stream=True))
        assert request is not None
        async with open_streams(request, Dialect.CHAT, count) as streams:
            streams.watch_delays()
            await asyncio.sleep(seconds)
            ms = streams.delays_ms()
            quantiles[system.name] = {share: ms[int(len(ms) * share / 100)] for share in (50, 99)}
            if system.name == FEATHERGATE:
                yield Row(
                    what=rows.STREAMS_DROPPED,
                    system=FEATHERGATE,
                    unit=f"of {count:,}",
                    value=Spread.of([streams.broken + streams.whole]),
                )
        await asyncio.sleep(_SETTLE_S)
    bare = quantiles[systems[0].name]
    for share, name in ((share, name) for share in (50, 99) for name in list(quantiles)[1:]):
        added = quantiles[name][share] - bare[share]
        yield Row(
            what=rows.crowd(count, share),
            system=name,
            unit="ms",
            value=Spread.of([added]),
            note=f"{bare[share]:.1f} ms without",
        )


def _cases(
    systems: Sequence[System], pair: Pair, flow: Callable[[System, Pair, Request], Awaitable[Flow]]
) -> list[Case[Flow]]:
    return [
        Case(name=system.name, measure=partial(flow, system, pair, request))
        for system in systems
        if (request := system.ask(pair, Chat(stream=True))) is not None
    ]


async def _flow(system: System, pair: Pair, request: Request, *, pace: Pace, repeat: bool, seconds: float) -> Flow:
    """Open the streams, let them settle, count for a while. Raises LoadFailed."""
    await set_pace(pace)
    process = system.process
    try:
        async with open_streams(request, pair.client, _STREAMS, repeat=repeat) as streams:
            await asyncio.sleep(_SETTLE_S)
            before_s, began_s, before = process.cpu_s() if process else 0.0, time.perf_counter(), streams.tokens
            await asyncio.sleep(seconds)
            tokens, took_s = streams.tokens - before, time.perf_counter() - began_s
            used_s = process.cpu_s() - before_s if process else 0.0
            if streams.broken or not tokens:
                raise LoadFailed(f"{streams.broken} of {_STREAMS} streams broke, {tokens} chunks came")
    except NotFlowing as problem:
        raise LoadFailed(str(problem)) from None
    finally:
        await asyncio.sleep(0.1)  # what was left in the middle is cleared away before somebody else is measured
    return Flow(
        per_s=tokens / took_s, cpu_us=used_s / tokens * 1e6 if process else None, core_share=used_s / took_s
    )


def _flow_row(what: str, system: str, found: Found[Flow]) -> Row:
    if not found.samples:
        return Row(what=what, system=system, note=found.problem)
    costs = [sample.cpu_us for sample in found.samples if sample.cpu_us is not None]
    share = Spread.of(sample.core_share for sample in found.samples).median
    return Row(
        what=what,
        system=system,
        unit="chunks/s",
        value=Spread.of(sample.per_s for sample in found.samples),
        cpu_us=Spread.of(costs) if costs else None,
        note=f"{share:.0%} of a core" if costs else "",
    )
