"""Draining: what is in flight may end, for a while; the rest is told that the gateway shuts down."""

import asyncio
from typing import Final

from adapters.http.cancel_scope import CancelScope
from adapters.http.exchange import ClientGone
from domain.errors import ShuttingDown

FAREWELL_S: Final = 2.0
"""How long an exchange may take to tell its client that the gateway shuts down before it is cut off."""


class Drain:
    """The exchanges in flight, and their end. Knows no server: whoever runs one calls `begin` and `wait`."""

    def __init__(self) -> None:
        self._scopes: set[CancelScope] = set()
        self._empty: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.draining = False
        self._over = False

    def __len__(self) -> int:
        """How many exchanges are in flight."""
        return len(self._scopes)

    def enter(self, scope: CancelScope) -> None:
        """An exchange began. Raises ShuttingDown where no more are taken."""
        if self._over:
            raise _shutting_down()
        self._scopes.add(scope)

    def leave(self, scope: CancelScope) -> None:
        """An exchange ended."""
        self._scopes.discard(scope)
        if self._empty is not None and not self._scopes:
            self._empty.set()

    def begin(self, timeout_s: float) -> None:
        """Report not ready from now on; after `timeout_s` end what still runs with ShuttingDown.

        Called again, it sets a new timeout.
        """
        self.draining = True
        self._arm(timeout_s, ended=False)

    async def wait(self) -> None:
        """Wait until nothing is in flight."""
        if self._scopes:
            self._empty = asyncio.Event()
            await self._empty.wait()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, timeout_s: float, *, ended: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        step = self._cut if ended else self._end
        self._timer = asyncio.get_running_loop().call_later(timeout_s, step)

    def _end(self) -> None:
        self._over = True
        for scope in self._scopes:
            scope.cancel(_shutting_down())
        self._arm(FAREWELL_S, ended=True)

    def _cut(self) -> None:
        for scope in self._scopes:
            scope.cancel(ClientGone())


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the gateway is shutting down; ask again, another instance may answer")
