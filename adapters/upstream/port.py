"""The outbound HTTP port: `UpstreamHttp.open(request)` gives a response whose body is read chunk by chunk."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import field
from typing import Any, Final, Protocol, TypeAlias

from adapters.upstream.request_body import Body
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each phase of an upstream call may take, in seconds, and how much a buffered answer may hold.

    connect_s:     name lookup, TCP and TLS together.
    first_byte_s:  from the request being sent to the first byte of the answer's head.
    first_chunk_s: from the request being sent to the first byte of the answer's body, its first sign of life: a
                   head is none. Until then the body's silence counts for this limit alone; None = for `idle_s`.
    idle_s:        between two reads of the body, or of a head that has begun, and between two writes of the
                   request; time in which the reader itself pauses does not count.
    total_s:       from `open` to the end of the body; None = no limit.
    max_head_bytes, max_body_bytes: larger heads or buffered bodies are a MalformedResponse.
    """

    connect_s: float = 5.0
    first_byte_s: float = 600.0
    first_chunk_s: float | None = None
    idle_s: float = 30.0
    total_s: float | None = 6000.0
    max_head_bytes: int = 65_536
    max_body_bytes: int = 64 * 1024 * 1024


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where to connect: scheme `http` or `https`, a host name or address without brackets, a port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The `Host` header: port left out where it is the scheme's own, IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """One POST to an upstream.

    `target` is the path with its query; `headers` exclude Host, Content-Length and Accept-Encoding, which the
    client adds (identity encoding is asked for). Headers hold keys and bodies prompts: neither is in the repr.
    `provider` and `model` only label errors.
    """

    origin: Origin
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: Body = field(repr=False)
    limits: Limits = DEFAULT_LIMITS
    method: str = "POST"
    provider: str | None = None
    model: str | None = None


Taker: TypeAlias = Callable[[bytes], bool]
"""Takes a chunk of a body, or leaves it to the body's reader; whether it took it. Never raises."""


class Chunks(Protocol):
    """A body as it arrives; an async generator is one."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def __anext__(self) -> Awaitable[bytes]: ...

    def aclose(self) -> Awaitable[None]: ...


class UpstreamResponse(Protocol):
    """An answer whose head has arrived. `headers` has lower-case names; repeated ones are joined by ", "."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def chunks(self) -> Chunks:
        """The body as it arrives, each chunk non-empty.

        Not asking for the next chunk stops the reading of the socket (bounded buffer). Raises UpstreamTimeout
        (first chunk, idle or total limit), UpstreamUnavailable (the connection broke before the body was complete:
        `Content-Length` not reached, no last chunk), MalformedResponse (bytes that are not HTTP).
        Closing them early closes the connection.
        """
        ...

    def offer_to(self, taker: Taker) -> None:
        """A chunk that comes while the reader waits for one may be offered to `taker`, which saves waking it.

        What is taken counts as read, and the reader goes on waiting.
        """
        ...

    async def read(self) -> bytes:
        """The whole body, at most `limits.max_body_bytes`; raises as `chunks`, MalformedResponse if larger."""
        ...

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close its socket now. Idempotent."""
        ...


class UpstreamHttp(Protocol):
    """Opens requests to upstreams; owns the connections."""

    def open(self, request: UpstreamRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """Send the request and wait for the answer's head.

        Raises UpstreamUnavailable (refused, reset, TLS failure; retried once on a fresh connection only where
        a kept-alive one was closed by the peer before a byte of the answer came), UpstreamTimeout (connect,
        first byte, first chunk or total limit), MalformedResponse (not HTTP, head too large). On cancellation
        the socket is closed. Interim 1xx answers are skipped; redirects are not followed (a 3xx is an answer).
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
