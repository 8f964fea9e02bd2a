"""What a gateway adds to the time an answer takes: each round's difference to the bare upstream."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from bench.dialects import Chat, Request
from bench.load.steady import Latencies, constant_rate
from bench.load.streams import first_token_ms, set_pace
from bench.load.wrk import LoadFailed, closed_loop
from bench.measures.rounds import Case, Plan, interleaved
from bench.mock.server import Pace
from bench.report import rows
from bench.report.rows import Row, Spread
from bench.systems import CHAT_PAIR, DIRECT, LITELLM, PORTKEY, System

_RATE: Final = 500.0
_ROOM: Final = 1.2
_PROBES: Final = 32
_FIRST_TOKENS: Final = 300
_FIRST_TOKENS_QUICK: Final = 150


async def one_connection(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """A closed loop on one connection."""

    async def measure(request: Request) -> Mapping[str, float]:
        answered = await closed_loop(request, connections=1, seconds=plan.seconds)
        return {rows.LATENCY_P50: answered.p50_ms, rows.LATENCY_P99: answered.p99_ms}

    async for row in _added(_core(systems, plan), plan, Chat(), measure):
        yield row


async def constant(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """500 requests a second, whatever happens; not asked of who cannot answer as many."""
    able = []
    for system in _core(systems, plan):
        request = system.ask(CHAT_PAIR, Chat())
        assert request is not None
        most = (await closed_loop(request, connections=_PROBES, seconds=1.0)).per_s
        if most > _RATE * _ROOM:
            able.append(system)
        else:
            note = f"answers {most:,.0f} requests/s at most"
            yield Row(what=rows.steady_latency(50), system=system.name, note=note)

    async def measure(request: Request) -> Mapping[str, float]:
        return _quantiles(await constant_rate(request, per_s=_RATE, seconds=plan.seconds))

    async for row in _added(able, plan, Chat(), measure):
        yield row


async def first_token(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """From asking to the first token of a stream."""
    await set_pace(Pace(tokens=3))
    count = _FIRST_TOKENS_QUICK if plan.quick else _FIRST_TOKENS

    async def measure(request: Request) -> Mapping[str, float]:
        ms = await first_token_ms(request, count)
        if len(ms) < count:
            raise LoadFailed(f"{len(ms)} of {count} streams came to a first token")
        return {rows.FIRST_TOKEN_P50: ms[count // 2], rows.FIRST_TOKEN_P99: ms[int(count * 0.99)]}

    async for row in _added(_core(systems, plan), plan, Chat(stream=True), measure):
        yield row


async def _added(
    systems: Sequence[System],
    plan: Plan,
    chat: Chat,
    measure: Callable[[Request], Awaitable[Mapping[str, float]]],
) -> AsyncIterator[Row]:
    """Rows for each name that `measure` gives a value in milliseconds for."""
    asks = [(system.name, request) for system in systems if (request := system.ask(CHAT_PAIR, chat)) is not None]
    cases = [
        Case(name=name, measure=partial(measure, request), warm_up=partial(measure, request))
        for name, request in asks
    ]
    found = await interleaved(cases, plan.repeats)
    direct = found.pop(DIRECT).samples
    for name in direct[0] if direct else ():
        bare = Spread.of(sample[name] for sample in direct)
        yield Row(what=name, system=DIRECT, unit="ms", value=bare, note="the upstream alone, not added")
        for system, outcome in found.items():
            differences = [
                sample[name] - alone[name] for sample, alone in zip(outcome.samples, direct, strict=False)
            ]
            value = Spread.of(differences) if differences else None
            yield Row(what=name, system=system, unit="ms", value=value, note=outcome.problem)


def _core(systems: Sequence[System], plan: Plan) -> Sequence[System]:
    """Without the peers where there is little time: what they add is known to a digit from their requests/s."""
    return [system for system in systems if not plan.quick or system.name not in (LITELLM, PORTKEY)]


def _quantiles(latencies: Latencies) -> Mapping[str, float]:
    return {rows.steady_latency(quantile): latencies.quantile(quantile / 100) for quantile in (50, 95, 99)}
