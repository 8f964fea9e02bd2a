"""How long the calls of one deployment may take."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from adapters.upstream.port import Limits

_MAX_REMEMBERED: Final = 16


class CallLimits:
    """The limits of a deployment's calls, narrowed for each by what its caller and routing allow.

    timeout_s, stream_timeout_s: the deployment's own bounds of buffered and of streamed answers; None = none.
    """

    def __init__(self, limits: Limits, *, timeout_s: float | None, stream_timeout_s: float | None) -> None:
        self.buffered: Final = _buffered(limits, timeout_s)
        self.streamed: Final = _streamed(limits, stream_timeout_s)
        # Routing knows few such waits, and nearly every stream has one of them.
        self._awaited = lru_cache(maxsize=_MAX_REMEMBERED)(self._streamed_until)

    def of(self, *, stream: bool, timeout_s: float | None, first_event_s: float | None = None) -> Limits:
        """The limits of one call.

        timeout_s:     the caller's own: for a buffered answer as a whole, for a streamed one to begin.
        first_event_s: for the first sign of life of a streamed answer.
        """
        if not stream:
            return self.buffered if timeout_s is None else _buffered(self.buffered, timeout_s)
        limits = self.streamed if first_event_s is None else self._awaited(first_event_s)
        return limits if timeout_s is None else _streamed(limits, timeout_s)

    def _streamed_until(self, first_event_s: float) -> Limits:
        return replace(self.streamed, first_chunk_s=_least(first_event_s, self.streamed.first_chunk_s))


def _buffered(limits: Limits, timeout_s: float | None) -> Limits:
    """`timeout_s` bounds a buffered answer as a whole."""
    total_s = limits.total_s if timeout_s is None else _least(timeout_s, limits.total_s)
    return _begun_within(limits, timeout_s, total_s=total_s)


def _streamed(limits: Limits, timeout_s: float | None) -> Limits:
    """`timeout_s` bounds the wait for a streamed answer to begin; once it flows, only its silences are bounded.

    An answer that is being written well is not cut off for its length.
    """
    return _begun_within(limits, timeout_s, total_s=limits.total_s)


def _begun_within(limits: Limits, timeout_s: float | None, *, total_s: float | None) -> Limits:
    """What thinks behind an early head has as long for its first byte as what thinks before it."""
    begin_s = _least(limits.first_byte_s, timeout_s)
    return Limits(
        connect_s=_least(limits.connect_s, timeout_s),
        first_byte_s=begin_s,
        first_chunk_s=_least(begin_s, limits.first_chunk_s),
        idle_s=limits.idle_s,
        total_s=total_s,
        max_head_bytes=limits.max_head_bytes,
        max_body_bytes=limits.max_body_bytes,
    )


def _least(limit_s: float, other_s: float | None) -> float:
    return limit_s if other_s is None or limit_s <= other_s else other_s
