"""How long one call waits on a transport that knows neither a total limit nor a first sign of life."""

import asyncio
from math import inf

from adapters.upstream.failures import Phase
from adapters.upstream.port import Limits


class Patience:
    """Times a call, from `open` to the end of its body. `phase`: what the last wait was, or is, for."""

    __slots__ = ("_alive_by", "_heard", "_limits", "_loop", "_timeout", "_total_at", "phase")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._total_at = inf if limits.total_s is None else self._loop.time() + limits.total_s
        self._alive_by = inf
        self._heard = False
        self._timeout = asyncio.timeout(None)
        self.phase = Phase.FIRST_BYTE

    def before_head(self) -> asyncio.Timeout:
        """Bounds the sending and the wait for the head: the total; from `sent` on the first byte and chunk."""
        self._alive_by = inf
        self._timeout = asyncio.timeout_at(self._until(Phase.FIRST_BYTE, inf))
        return self._timeout

    def sent(self) -> None:
        """The request has been sent, within `before_head`."""
        now = self._loop.time()
        self._expect_life(now)
        self._timeout.reschedule(self._until(Phase.FIRST_BYTE, now + self._limits.first_byte_s))

    def before_chunk(self) -> asyncio.Timeout:
        """Bounds the wait for a chunk of the body: the first chunk, then the idle limit, and the total."""
        now = self._loop.time()
        if self._alive_by == inf:
            self._expect_life(now)
        at = now + self._limits.idle_s if self._alive_by == inf else inf
        return asyncio.timeout_at(self._until(Phase.IDLE, at))

    def heard(self) -> None:
        """A byte of the body came."""
        self._heard = True
        self._alive_by = inf

    def _expect_life(self, now: float) -> None:
        if not self._heard and self._limits.first_chunk_s is not None:
            self._alive_by = now + self._limits.first_chunk_s

    def _until(self, phase: Phase, at: float) -> float | None:
        """The end of this wait: `at`, or where a limit ends sooner; None = never."""
        if self._alive_by < at:
            phase, at = Phase.FIRST_CHUNK, self._alive_by
        if self._total_at < at:
            phase, at = Phase.TOTAL, self._total_at
        self.phase = phase
        return None if at == inf else at
