"""A worker's link to a supervisor that is not there."""

import asyncio
import socket

import pytest

from adapters.http.task_runner import TaskRunner
from adapters.observability.system_clock import SystemClock
from domain.errors import ShuttingDown
from entrypoints.workers_link import WorkerLink

AT_ONCE_S = 2.0
"""Less than a scrape waits for a supervisor that is silent."""


class Server:
    """Controls that remember when the server was to stop."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    def stop(self) -> None:
        self.stopped.set()

    def hurry(self) -> None: ...

    def retire(self) -> None: ...


async def test_a_scrape_without_a_supervisor_waits_for_nothing() -> None:
    ours, its = socket.socketpair()
    tasks, server = TaskRunner(), Server()
    link = WorkerLink(its, lambda: (), tasks=tasks, clock=SystemClock())
    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(ShuttingDown):
            await link.ask_others(())

    link.serves(server)
    ours.setblocking(False)
    assert await asyncio.get_running_loop().sock_recv(ours, 1)  # it is up
    scrape = asyncio.ensure_future(link.ask_others(()))
    async with asyncio.timeout(AT_ONCE_S):
        await asyncio.get_running_loop().sock_recv(ours, 1 << 16)
        ours.close()
        await server.stopped.wait()
        for asked in (scrape, link.ask_others(())):
            with pytest.raises(ShuttingDown):
                await asked
        await link.leave()
