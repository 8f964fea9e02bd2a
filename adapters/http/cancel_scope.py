"""One scope around a handler, through which it is stopped from outside and told why."""

import asyncio
from types import TracebackType
from typing import Self


class CancelScope:
    """Stops the task it was made in while that is inside `with scope:`.

    What leaves the block then is the cause that was given, in place of the CancelledError; a cancellation
    that somebody else asked for passes as it is. May be entered again after it was left; outside, `cancel`
    does nothing.
    """

    __slots__ = ("_asked", "_cause", "_entered", "_task")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """`loop`: the running one, where the caller has it at hand; finding it costs a system call."""
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("expected to be inside a task; a scope stops the task it is made in")
        self._task = task
        self._asked = 0
        self._entered = False
        self._cause: Exception | None = None

    def cancel(self, cause: Exception) -> None:
        """Have the block raise `cause` where it waits. Never call this from the scope's own task."""
        if self._entered:
            self._cause = cause
            self._asked += 1
            self._task.cancel()

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        if not self._asked:
            return
        others = 0
        while self._asked:
            self._asked -= 1
            others = self._task.uncancel()
        cause, self._cause = self._cause, None  # what is raised holds its frames, and they hold this scope
        if isinstance(failure, asyncio.CancelledError) and not others and cause is not None:
            try:
                raise cause from None
            finally:
                del cause, failure, trace
