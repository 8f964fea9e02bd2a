"""Load at a constant rate: each request goes out when it is due, whether earlier ones are answered or not.

Latencies count from the moment a request was due, so that a stall is seen by all who would have asked meanwhile
(what is called correcting for coordinated omission). A thread keeps the beat: event loops count milliseconds.
"""

import asyncio
import os
import threading
import time
from dataclasses import dataclass
from typing import Final

from bench.dialects import Request
from bench.load.connection import ClientConnection, connect

_LEAD_S: Final = 0.05
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds from due to answered, ascending, and how many requests failed."""

    ms: tuple[float, ...]
    failed: int

    def quantile(self, share: float) -> float:
        """The latency that `share` of the requests did not exceed; infinite where none was answered."""
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * share))] if self.ms else float("inf")


async def constant_rate(request: Request, *, per_s: float, seconds: float) -> Latencies:
    """Ask `per_s` times a second."""
    count = int(per_s * seconds)
    return await _Generator(request, per_s, count).run()


class _Generator:
    def __init__(self, request: Request, per_s: float, count: int) -> None:
        self._request = request
        self._encoded = request.encoded()
        self._gap_s = 1 / per_s
        self._count = count
        self._idle: list[ClientConnection] = []
        self._ms: list[float] = []
        self._failed = 0
        self._sent = 0
        self._began_s = 0.0
        self._over = asyncio.Event()
        self._opening: set[asyncio.Task[None]] = set()
        self._all: list[ClientConnection] = []

    async def run(self) -> Latencies:
        loop = asyncio.get_running_loop()
        beat = os.eventfd(0, os.EFD_NONBLOCK)
        loop.add_reader(beat, self._on_beat, beat)
        self._began_s = time.perf_counter() + _LEAD_S
        thread = threading.Thread(target=self._keep_time, args=(beat,), daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(_LEAD_S + self._count * self._gap_s + _PATIENCE_S):
                await self._over.wait()
        except TimeoutError:
            self._failed = self._count - len(self._ms)
        finally:
            await asyncio.to_thread(thread.join)
            loop.remove_reader(beat)
            os.close(beat)
            for connection in self._all:
                connection.abort()
        return Latencies(ms=tuple(sorted(self._ms)), failed=self._failed)

    def _keep_time(self, beat: int) -> None:
        for number in range(self._count):
            time.sleep(max(0.0, self._began_s + number * self._gap_s - time.perf_counter()))
            os.eventfd_write(beat, 1)

    def _on_beat(self, beat: int) -> None:
        for _ in range(os.eventfd_read(beat)):
            due_s = self._began_s + self._sent * self._gap_s
            self._sent += 1
            if self._idle:
                self._idle.pop().ask(self._encoded, due_s)
            else:
                task = asyncio.get_running_loop().create_task(self._ask_anew(due_s))
                self._opening.add(task)
                task.add_done_callback(self._opening.discard)

    async def _ask_anew(self, due_s: float) -> None:
        try:
            connection = await connect(self._request.port, lambda: ClientConnection(self._on_end))
        except OSError:
            self._failed += 1
            self._settle()
            return
        self._all.append(connection)
        connection.ask(self._encoded, due_s)

    def _on_end(self, connection: ClientConnection, *, whole: bool) -> None:
        if whole:
            self._ms.append((time.perf_counter() - connection.asked_s) * 1000)
            self._idle.append(connection)
        else:
            self._failed += 1
        self._settle()

    def _settle(self) -> None:
        if len(self._ms) + self._failed >= self._count:
            self._over.set()
