"""The one table that maps httpx's errors to ours."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from adapters.upstream.failures import (
    Phase,
    closed_before_answer,
    cut_short,
    malformed,
    reason_of,
    timed_out,
    unreachable,
)
from adapters.upstream.port import UpstreamRequest
from domain.errors import UpstreamError

if TYPE_CHECKING:
    import httpx

# httpx has one class for "not HTTP" and for "HTTP that ended early"; only its words tell them apart.
_NO_ANSWER: Final = "without sending a response"
_ENDED_EARLY: Final = re.compile(r"disconnected|closed connection|StreamReset|ConnectionTerminated")


def translated(error: "httpx.TransportError", request: UpstreamRequest, *, headed: bool) -> UpstreamError:
    """Our error for one of httpx's; `headed` says whether the answer's head had arrived."""
    import httpx  # noqa: PLC0415 - only where httpx is used already

    broken = cut_short if headed else closed_before_answer
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return timed_out(request, Phase.CONNECT)
        case httpx.WriteTimeout():
            return timed_out(request, Phase.SEND)
        case httpx.ReadTimeout():
            return timed_out(request, Phase.IDLE if headed else Phase.FIRST_BYTE)
        case httpx.ProxyError():
            return unreachable(request, f"the proxy refused: {error}")
        case httpx.ConnectError() | httpx.UnsupportedProtocol():
            return unreachable(request, reason_of(_root(error)))
        case httpx.RemoteProtocolError() if not _ENDED_EARLY.search(str(error)):
            return malformed(request, "its bytes are not HTTP")
        case httpx.RemoteProtocolError():
            return broken(request, "the connection was closed")
        case _:
            return broken(request, reason_of(_root(error)))


def is_closed_before_answer(error: "httpx.TransportError") -> bool:
    """Whether the peer ended the connection before the answer began (or, rarely, within its head)."""
    import httpx  # noqa: PLC0415 - only where httpx is used already

    if isinstance(error, httpx.RemoteProtocolError):
        return _NO_ANSWER in str(error)
    return isinstance(error, httpx.ReadError | httpx.WriteError)


def _root(error: Exception) -> Exception:
    """The operating system's error that httpx's stands for, where there is one."""
    return next((cause for cause in _causes(error) if isinstance(cause, OSError) and cause.errno), error)


def _causes(error: BaseException) -> Iterator[Exception]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, Exception):
            yield cause
        cause = cause.__cause__ or cause.__context__
