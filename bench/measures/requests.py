"""Requests a second: connections, bodies, translations."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from bench.dialects import Chat
from bench.measures.rounds import Case, Plan, interleaved, throughput_case, throughput_row
from bench.report import rows
from bench.report.rows import TIMES, Row, Spread
from bench.systems import (
    CHAT_PAIR,
    CHAT_TO_GEMINI,
    CHAT_TO_MESSAGES,
    DIRECT,
    FEATHERGATE,
    NGINX,
    PAIRS,
    Pair,
    System,
)

_CONNECTIONS: Final = 32
_BODY_CONNECTIONS: Final = 4
_BODIES: Final = (("100 kB", 100_000), ("10 MB", 10_000_000))
_BODY_BYTES: Final = 10_000_000
_SMALL: Final = Chat()
_COMPARED: Final = (CHAT_TO_MESSAGES, CHAT_TO_GEMINI)


async def connections(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """Pass-through of a small chat, by everybody."""
    for count in (_CONNECTIONS,) if plan.quick else (1, _CONNECTIONS, 256):
        what = rows.throughput(CHAT_PAIR, rows.SMALL, count)
        async for row in _compared(what, systems, plan, CHAT_PAIR, connections=count):
            yield row


async def translations(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """The two translations that peers offer too, by everybody."""
    for pair in _COMPARED:
        what = rows.throughput(pair, rows.SMALL, _CONNECTIONS)
        async for row in _compared(what, systems, plan, pair, connections=_CONNECTIONS):
            yield row


async def every_pair(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """All sixteen pairs through FeatherGate, in turns with each other."""
    gateway = next(system for system in systems if system.name == FEATHERGATE)
    cases = [
        Case(name=str(pair), measure=case.measure, warm_up=case.warm_up)
        for pair in PAIRS
        if (case := throughput_case(gateway, pair, Chat(), connections=_CONNECTIONS, seconds=1.0)) is not None
    ]
    for name, found in (await interleaved(cases, plan.repeats)).items():
        yield throughput_row(f"{name}, all pairs in turns", FEATHERGATE, found)


async def bodies(systems: Sequence[System], plan: Plan) -> AsyncIterator[Row]:
    """Pass-through of chats with a picture."""
    compared = [system for system in systems if system.name in (DIRECT, NGINX, FEATHERGATE)]
    for system in compared:  # first, since memory that was used once stays with the process
        if system.process is not None:
            yield await _body_peak(system, plan)
    for size, count in _BODIES:
        chat = Chat(image_bytes=count)
        what = rows.throughput(CHAT_PAIR, size, _BODY_CONNECTIONS)
        async for row in _compared(what, compared, plan, CHAT_PAIR, connections=_BODY_CONNECTIONS, chat=chat):
            yield row


async def _compared(
    what: str,
    systems: Iterable[System],
    plan: Plan,
    pair: Pair,
    *,
    connections: int,
    chat: Chat = _SMALL,
) -> AsyncIterator[Row]:
    cases = [
        case
        for system in systems
        if (case := throughput_case(system, pair, chat, connections=connections, seconds=plan.seconds)) is not None
    ]
    for name, found in (await interleaved(cases, plan.repeats)).items():
        yield throughput_row(what, name, found)


async def _body_peak(system: System, plan: Plan) -> Row:
    """How much memory one large body at a time takes beyond what was held before."""
    process = system.process
    request = system.ask(CHAT_PAIR, Chat(image_bytes=_BODY_BYTES))
    assert process is not None
    assert request is not None
    case = throughput_case(system, CHAT_PAIR, Chat(), connections=1, seconds=1.0)
    assert case is not None
    await case.measure()
    before_mb = process.resident_mb()
    process.forget_peak()
    large = throughput_case(system, CHAT_PAIR, Chat(image_bytes=_BODY_BYTES), connections=1, seconds=plan.seconds)
    assert large is not None
    await large.measure()
    extra = (process.peak_mb() - before_mb) * 1e6 / len(request.body)
    return Row(what=rows.BODY_PEAK, system=system.name, unit=TIMES, value=Spread.of([extra]))
