"""Exchange: one HTTP request and its answer, as the data plane's handlers see it, whatever server is below."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

HeaderBlock: TypeAlias = Iterable[tuple[bytes, bytes]]
"""An answer's headers, as pairs of a lower-case name and a value."""


@dataclass(slots=True)
class HeaderLines:
    r"""A HeaderBlock that is written already, `name: value\r\n` for each; who makes it vouches for its values."""

    lines: bytes

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        for line in self.lines.splitlines():
            name, _, value = line.partition(b": ")
            yield name, value


class Exchange(Protocol):
    """A request, and the one answer to it.

    method: upper case. path: percent-decoded, without query. query: the raw query string.
    headers: lower-case names; of a repeated header the values joined by ", ".
    client_host: the peer's address, or None where the server does not say.
    answered: an answer was started. finished: it is complete.
    """

    method: str
    path: str
    query: bytes
    answered: bool
    finished: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """See the class."""
        ...

    @property
    def client_host(self) -> str | None:
        """See the class."""
        ...

    async def read_body(self, max_bytes: int) -> bytes:
        """The whole request body, inflated where it came compressed.

        Raises RequestTooLarge beyond `max_bytes` (of either form), MalformedRequest for an encoding that is
        not known or broken and for a body that does not arrive, ClientGone where the client left.
        """
        ...

    async def start(self, status: int, headers: HeaderBlock) -> None:
        """Send the head. `headers` have lower-case names and include content-type."""
        ...

    async def write(self, data: bytes) -> None:
        """Send more of the body; waits while the client reads slower than we write."""
        ...

    def write_at_once(self, data: bytes) -> bool:
        """Send more of the body, unless `write` would wait or cannot know; whether it was sent."""
        ...

    async def finish(self, data: bytes = b"") -> None:
        """Send the last of the body."""
        ...

    def abort(self) -> None:
        """Break the connection off, so that what was sent cannot be mistaken for a complete answer."""
        ...

    def on_broken(self, callback: Callable[[Exception], None]) -> None:
        """Have `callback` called once, outside the handler, with the reason why the exchange cannot go on.

        ClientGone where the client leaves before the answer is finished (watched for once the body was read;
        until then `read_body` says so), MalformedRequest where its body stops arriving.
        """
        ...


class ClientGone(Exception):
    """The client left before its answer was finished."""
