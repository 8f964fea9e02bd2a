"""From starting a gateway to its first whole answer."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from bench.dialects import Chat, Request
from bench.load.connection import once
from bench.measures.rounds import Plan, say
from bench.processes import NotUp, Process, Program
from bench.report import rows
from bench.report.rows import Row, Spread
from bench.systems import CHAT_PAIR, FEATHERGATE, System

_STARTS: Final = 5
_ANSWER_S: Final = 60.0


async def starts(found: list[System], programs: Mapping[str, Program], plan: Plan) -> list[Row]:
    """Gateways that are not running now are started and stopped again; slow ones less often than FeatherGate."""
    measured = []
    for name, program in programs.items():
        system = next((system for system in found if system.name == name), None)
        request = None if system is None else system.ask(CHAT_PAIR, Chat())
        if request is None:
            continue
        repeats = _STARTS if name == FEATHERGATE else 1 if plan.quick else 2
        seconds = [taken for _ in range(repeats) if (taken := await start_s(program, request)) is not None]
        value = Spread.of(seconds) if seconds else None
        note = "" if value else "did not answer"
        measured.append(Row(what=rows.START, system=name, unit="s", value=value, note=note))
    return measured


async def start_s(program: Program, request: Request) -> float | None:
    """Seconds from the start to the first answer, None where there is none in time."""
    began_s = time.perf_counter()
    process = Process(program)
    try:
        process.wait_until_listening()
        while time.perf_counter() - began_s < _ANSWER_S:
            if await once(request):
                return time.perf_counter() - began_s
            await asyncio.sleep(0.002)
    except NotUp as failed:
        say(str(failed))
    finally:
        process.stop()
    return None
