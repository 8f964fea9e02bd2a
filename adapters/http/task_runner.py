"""The one place that starts asyncio tasks: none is forgotten, none fails in silence."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

SOON_S: Final = 0.1

_LOG = logging.getLogger(__name__)


class TaskRunner:
    """Starts tasks, holds them until they are done, and logs the failures that nobody awaits."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop, found once: `asyncio.get_running_loop` makes a system call each time (until 3.12)."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def soon(self, callback: Callable[[], None]) -> None:
        """Have `callback` called within a tenth of a second."""
        self.loop.call_later(SOON_S, callback)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start `work` beside the caller."""
        task = asyncio.create_task(work)  # noqa: TID251 - this is the home of tasks
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            _LOG.error("a background task failed", exc_info=failure)
