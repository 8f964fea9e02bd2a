"""An event loop whose time jumps from one timer to the next, so that hours pass in moments."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack, cast

_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")

BEGINNING_S: Final = 1_200.0
"""When time begins: at the beginning of a minute."""
MOST_AT_ONCE: Final = 100_000
"""So many callbacks may run before time has to pass; more would never come to an end."""


class StandstillError(Exception):
    """Nobody is left who could wake the others, or somebody never lets time pass."""


def virtual_time() -> "VirtualTimeLoop":
    """A loop at the beginning of its time."""
    return VirtualTimeLoop()  # type: ignore[abstract]  # sockets, processes and threads are not in it


class VirtualTimeLoop(asyncio.AbstractEventLoop):
    """Runs coroutines that wait for time and for each other, and for nothing outside.

    Callbacks run in asyncio's order: those that are ready in the order in which they were, and when none is left
    the timers that are due next. `now_s` is the virtual time; it is a Clock too. What nobody caught raises from
    `run` and `pass_time`.
    """

    def __init__(self) -> None:
        self.now_s = BEGINNING_S
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._number = count()
        self._uncaught: list[BaseException] = []

    def run(self, main: Coroutine[Any, Any, _Result]) -> _Result:
        """What `main` returns; time passes as fast as it needs. Raises what it raises, and StandstillError."""
        task = self.create_task(main)
        self._run(until_s=None, task=task)
        return cast(_Result, task.result())

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that is due until then."""
        self._run(until_s=self.now_s + seconds, task=None)

    def time(self) -> float:
        return self.now_s

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s

    def call_soon(
        self,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heappush(self._timers, (when, next(self._number), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **named: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **named)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self._uncaught.append(context.get("exception") or RuntimeError(context["message"]))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def _run(self, *, until_s: float | None, task: asyncio.Task[Any] | None) -> None:
        asyncio._set_running_loop(self)
        try:
            while task is None or not task.done():
                self._run_ready()
                if self._uncaught:
                    raise self._uncaught.pop()
                if (task is None or not task.done()) and not self._jump(until_s):
                    break
        finally:
            asyncio._set_running_loop(None)

    def _run_ready(self) -> None:
        ready = self._ready
        left = MOST_AT_ONCE
        while ready:
            handle = ready.popleft()
            if not handle._cancelled:  # as its method tells, at a tenth of the cost
                handle._run()
            left -= 1
            if not left:
                raise StandstillError(f"{MOST_AT_ONCE} callbacks ran while no time passed")

    def _jump(self, until_s: float | None) -> bool:
        """Go to the next timer's time; False = there is none until `until_s`, which it is then."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        if not timers and until_s is None:
            raise StandstillError("everybody waits for somebody else")
        if until_s is not None and (not timers or timers[0][0] > until_s):
            self.now_s = until_s
            return False
        self.now_s = max(self.now_s, timers[0][0])
        while timers and timers[0][0] <= self.now_s:
            self._ready.append(heappop(timers)[2])
        return True
