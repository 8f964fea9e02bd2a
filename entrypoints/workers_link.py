"""A worker's side of the socket that joins it with the supervisor."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from adapters.http.task_runner import TaskRunner
from adapters.observability.families import Snapshot, decode_snapshot, encode_snapshot
from adapters.observability.totals import Others
from application.ports.clock import Clock
from domain.errors import ShuttingDown
from entrypoints.server import Controls
from entrypoints.workers_messages import (
    LENGTH_BYTES,
    Count,
    Counted,
    Drain,
    FromSupervisor,
    FromWorker,
    Hurry,
    Retire,
    Scraped,
    Serving,
    Totals,
    decode_from_supervisor,
    encode_message,
)

TELL_EVERY_S: Final = 1.0
"""So much of what a worker counted is lost at most, if it is killed."""

TELL_SHARE: Final = 0.005
"""The share of its time that a worker spends at most on telling what nobody asked for."""

PATIENCE_S: Final = 5.0
"""How long a scrape waits for the supervisor."""

_LOG = logging.getLogger(__name__)


class WorkerLink:
    """Does what the supervisor says, and tells it what this worker counted: now and then, when asked, at the end.

    When the supervisor is gone, the worker drains and ends: nobody would replace it, nor stop it.
    """

    def __init__(
        self, end: socket.socket, count: Callable[[], Snapshot], *, tasks: TaskRunner, clock: Clock
    ) -> None:
        self._end = end
        self._count = count
        self._tasks = tasks
        self._clock = clock
        self._writer: asyncio.StreamWriter | None = None
        self._scrapes: dict[int, asyncio.Future[Totals]] = {}
        self._number = 0
        self._told = b""

    def serves(self, controls: Controls) -> None:
        """The server takes connections; it is steered by `controls` from now on."""
        self._tasks.run(self._attend(controls))

    async def ask_others(self, own: Snapshot) -> Others:
        """What the other workers counted. Raises ShuttingDown where the supervisor is not there, or silent.

        It is told `own` first, so that nothing is ever shown that could be forgotten.
        """
        if self._writer is None or self._writer.is_closing():
            raise _no_supervisor()
        self._told = encode_snapshot(own)
        self._send(Counted(msgspec.Raw(self._told)))
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._scrapes[number] = answer
        self._send(Scraped(number))
        try:
            totals = await asyncio.wait_for(answer, PATIENCE_S)
        except TimeoutError:
            raise ShuttingDown(
                "expected the supervisor to tell what the other workers counted; it is silent"
            ) from None
        finally:
            del self._scrapes[number]
        return Others(
            snapshots=tuple(map(decode_snapshot, totals.snapshots)),
            pids=totals.pids,
            gone_cpu_s=totals.gone_cpu_s,
            serving=totals.serving,
            restarts=totals.restarts,
        )

    async def leave(self) -> None:
        """Tell for the last time what was counted."""
        if self._writer is None:
            return
        self._tell()
        try:
            await self._writer.drain()
        except OSError:
            _LOG.debug("the supervisor is gone")

    async def _attend(self, controls: Controls) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=self._end)
        self._send(Serving())
        self._tell_now_and_then()
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
                self._heed(decode_from_supervisor(await reader.readexactly(length)), controls)
        except (asyncio.IncompleteReadError, OSError):
            _LOG.warning("the supervisor is gone; this worker ends when its answers have")
            self._writer.close()
            for waiting in self._scrapes.values():
                if not waiting.done():
                    waiting.set_exception(_no_supervisor())
            controls.stop()

    def _heed(self, message: FromSupervisor, controls: Controls) -> None:
        match message:
            case Count(asked):
                self._tell(asked)
            case Totals(number=number):
                waiting = self._scrapes.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case Retire():
                controls.retire()
            case Drain():
                controls.stop()
            case Hurry():
                controls.hurry()
            case _:
                assert_never(message)

    def _tell_now_and_then(self) -> None:
        began_s = self._clock.monotonic_s()
        told = self._told
        self._told = encode_snapshot(self._count())
        if self._told != told:
            self._send(Counted(msgspec.Raw(self._told)))
        took_s = self._clock.monotonic_s() - began_s
        wait_s = max(TELL_EVERY_S, took_s / TELL_SHARE)
        asyncio.get_running_loop().call_later(wait_s, self._tell_now_and_then)

    def _tell(self, asked: int = 0) -> None:
        self._told = encode_snapshot(self._count())
        self._send(Counted(msgspec.Raw(self._told), asked))

    def _send(self, message: FromWorker) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(encode_message(message))


def _no_supervisor() -> ShuttingDown:
    return ShuttingDown("expected a supervisor to tell what the other workers counted; there is none")
