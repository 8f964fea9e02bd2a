"""A batch under way, with somebody who watches it and may stop it."""

import asyncio
import signal
import sqlite3
import sys
from typing import TextIO

from application.batch.run import EndReason, RunBatch
from domain.batch.line import BatchLine
from entrypoints.batch_progress import Progress
from entrypoints.batch_report import EarlyEnd, ExitCode
from entrypoints.batch_telling import tell
from entrypoints.container import Container, close_container
from entrypoints.server import on_signals


class WatchedRun:
    """Runs `batch` once, showing `progress`; the first signal stops it gently, a second one at once.

    What is said meanwhile goes to `stream`.
    """

    def __init__(self, batch: RunBatch, progress: Progress, container: Container, stream: TextIO) -> None:
        self._batch = batch
        self._progress = progress
        self._container = container
        self._stream = stream
        self._signals = 0
        self._task: asyncio.Task[object] | None = None

    async def run(self) -> EarlyEnd | None:
        """Why the batch ended early, if it did."""
        self._task = asyncio.current_task()
        on_signals(self._signalled, supervised=False)
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # which nohup changes
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up)
        self._progress.start()
        try:
            return await self._run()
        finally:
            self._task = None  # what is left takes a moment, and no signal makes it shorter
            await close_container(self._container)
            self._progress.stop()

    async def _run(self) -> EarlyEnd | None:
        try:
            end = await self._batch.run()
        except asyncio.CancelledError:
            if self._signals < 2 or self._task is None:
                raise
            self._task.uncancel()
            return EarlyEnd("a second signal stopped it at once")
        except (OSError, sqlite3.Error) as failed:
            return EarlyEnd(str(failed), ExitCode.BROKE_OFF)
        match end.reason:
            case EndReason.COMPLETE:
                return None
            case EndReason.STOPPED:
                return EarlyEnd("a signal stopped it", resume_at=_number(end.resume_at))
            case EndReason.BUDGET:
                return EarlyEnd(
                    "the next request might cost more than is left of the budget",
                    resume_at=_number(end.resume_at),
                    resume_with="--resume and a higher --budget",
                )

    def _signalled(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self._batch.stop()
            self._say(f"stopping once {self._batch.in_flight} requests in flight are finished; again = at once")
        elif self._signals == 2 and self._task is not None:
            self._task.cancel()

    def _hung_up(self) -> None:
        """The terminal is gone, which both the system and a shell may say."""
        if not self._signals:
            self._signalled()

    def _say(self, words: str) -> None:
        tell(self._stream, f"feathergate: {words}\n")


def _number(line: BatchLine | None) -> int | None:
    return None if line is None else line.number
