"""Asking a second deployment beside a slow first one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from application.ports.clock import Clock
from domain.errors import FeatherGateError
from domain.routing.hedging import FirstTokens, HedgeBudget
from domain.routing.plan import Plan
from domain.routing.policy import HedgingPolicy
from domain.routing.steps import Try

_Served = TypeVar("_Served")


class Hedging:
    """Decides, per group, when a first deployment is slow, and how often a second may be asked."""

    def __init__(self, policy: HedgingPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._groups: dict[str, _Pace] = {}

    async def race(
        self,
        first: Try,
        plan: Plan,
        ask: Callable[[Try], Awaitable[_Served]],
        discard: Callable[[_Served], Awaitable[None]],
    ) -> _Served:
        """The first good answer of `first` or, where that is slow, of another member of its group.

        `ask` tells the plan of a failure, and raises it; the last one is raised here. An answer that comes too
        late is given to `discard`.
        """
        pace = self._groups.get(first.group.name)
        if pace is None:
            pace = self._groups[first.group.name] = _Pace(self._policy)
        pace.budget.earn()
        began_s = self._clock.monotonic_s()
        patience_s = pace.first_tokens.quantile(self._policy.quantile)
        if patience_s is None or len(first.selection.candidates) < 2:
            served = await ask(first)
        else:
            race = _Race(ask, discard)
            try:
                race.enter(first)
                if not await race.has_winner(patience_s) and race.is_on and pace.budget.spend():
                    second = plan.beside(self._clock.monotonic_s())
                    if second is not None:
                        race.enter(second)
                served = await race.winner()
                await race.close(keeping_winner=True)
            except BaseException:
                await race.close(keeping_winner=False)
                raise
        pace.first_tokens.add(self._clock.monotonic_s() - began_s)
        return served


class _Pace:
    """How fast a group answers, and what may be spent on it."""

    __slots__ = ("budget", "first_tokens")

    def __init__(self, policy: HedgingPolicy) -> None:
        self.first_tokens = FirstTokens()
        self.budget = HedgeBudget(policy.share)


class _Race(Generic[_Served]):
    """Tries that go on side by side. `close` cancels what still goes on and discards what came too late."""

    def __init__(
        self, ask: Callable[[Try], Awaitable[_Served]], discard: Callable[[_Served], Awaitable[None]]
    ) -> None:
        self._ask = ask
        self._discard = discard
        self._running: set[asyncio.Task[_Served]] = set()
        self._ended: list[asyncio.Task[_Served]] = []
        self._won: asyncio.Task[_Served] | None = None

    @property
    def is_on(self) -> bool:
        """Whether somebody is still being asked."""
        return bool(self._running)

    def enter(self, tried: Try) -> None:
        """Ask one more."""
        task = asyncio.ensure_future(self._ask(tried))  # noqa: TID251 - `close` awaits every one
        self._running.add(task)

    async def has_winner(self, seconds: float | None = None) -> bool:
        """Wait until one answers, all failed, or the time is over; whether one answered."""
        while self._running and self._won is None:
            done, self._running = await asyncio.wait(
                self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for task in done:
                self._ended.append(task)
                if self._won is None and task.exception() is None:
                    self._won = task
        return self._won is not None

    async def winner(self) -> _Served:
        """The first good answer. Raises the last failure where there is none."""
        await self.has_winner()
        return (self._won or self._ended[-1]).result()

    async def close(self, *, keeping_winner: bool) -> None:
        """Leave nothing behind, but the winner's answer where it is wanted."""
        for task in self._running:
            if not task.cancelling():  # else it is closing already, and is left to it
                task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        self._ended += self._running
        self._running = set()
        while self._ended:
            task = self._ended.pop()
            if task.cancelled():
                continue
            failure = task.exception()
            if isinstance(failure, FeatherGateError):
                failure.let_go()  # the plan keeps it
            elif task is not self._won or not keeping_winner:
                await self._discard(task.result())
