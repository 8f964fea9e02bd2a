"""The cells played against a running gateway, and what was seen of each."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from tests.e2e.gateway import Gateway
from tests.e2e.routing.cells import Cell
from tests.e2e.routing.raw_clients import CLIENTS, callers
from tests.e2e.routing.verdicts import Heard, Seen
from tests.e2e.scripted_upstream import ScriptedUpstream

_BETWEEN_S = 0.008
"""From one question to the next: the gateway is to be busy with waiting, not with work."""
_LOG_S = 5.0


async def perform(gateway: Gateway, upstream: ScriptedUpstream, cells: Sequence[Cell]) -> list[Seen]:
    """Ask every cell's question once, all of them nearly at the same time."""
    asking: list[asyncio.Task[Heard]] = []
    async with callers(gateway) as clients, asyncio.TaskGroup() as group:
        for place, cell in enumerate(cells):
            await asyncio.sleep(_BETWEEN_S)  # longer where this process is late, which eases the load
            asking.append(group.create_task(_ask(clients[place % len(clients)], cell)))
    heard = [task.result() for task in asking]
    lines = await log_lines(gateway, [one.request_id for one in heard])
    return [one.judged(upstream, lines[one.request_id]) for one in heard]


async def _ask(http: httpx.AsyncClient, cell: Cell) -> Heard:
    loop, scenario = asyncio.get_running_loop(), cell.scenario
    asked_s = loop.time()
    answer, said = await CLIENTS[cell.client].ask(
        http, cell.name, stream=cell.stream, prefill=scenario.prefill, limit_s=scenario.limit_s
    )
    took_s = loop.time() - asked_s
    return Heard(cell=cell, status=answer.status_code, headers=answer.headers, said=said, took_s=took_s)


async def log_lines(gateway: Gateway, request_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The log's line of each request, once all of them are written."""
    wanted = set(request_ids)
    async with asyncio.timeout(_LOG_S):
        while True:
            found = {line["request_id"]: line for line in _parsed(gateway.lines) if "duration_ms" in line}
            if wanted <= found.keys():
                return found
            await asyncio.sleep(0.02)


def _parsed(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in tuple(lines) if line.startswith("{"))
