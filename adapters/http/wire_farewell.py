"""The end of a connection whose client is still sending."""

import asyncio
from collections.abc import Callable
from typing import Final

from adapters.http.gathering import GatheringTransport

LINGER_S: Final = 5.0
"""How long a client may go on sending before it is reset."""


class Farewell(asyncio.Protocol):
    """Takes a protocol's place after its last answer, and reads past what the client still sends.

    A socket that is closed with bytes unread resets its peer, which then loses an answer it has not read yet
    (RFC 9112, 9.6). So our side is closed first, the rest once the client closes its own, or after LINGER_S.
    """

    def __init__(
        self, transport: GatheringTransport, *, close: Callable[[], None], lost: Callable[[Exception | None], None]
    ) -> None:
        """`close` is called when the time is up, `lost` when the connection is closed."""
        self._lost = lost
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, close)
        transport.set_protocol(self)
        transport.write_eof()
        transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._lost(exc)
