"""The one place that starts asyncio tasks: none is forgotten, none fails in silence."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_LOG = logging.getLogger(__name__)


class TaskRunner:
    """Starts tasks, holds them until they are done, and logs the failures that nobody awaits."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

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
