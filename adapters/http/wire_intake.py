"""The rest of a long body, on its way from the socket into the memory that it is read from."""

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from adapters.http.wire import WireProtocol
    from adapters.http.wire_body import WireBody

MIN_INTAKE_BYTES: Final = 64 * 1024
"""What is shorter is taken in by the protocol itself."""

_SLICE_BYTES: Final = 256 * 1024


class Intake(asyncio.BufferedProtocol):
    """Takes a protocol's place until a body of known length is whole, and receives exactly that.

    On the usual way each byte is copied thrice before the body is one: out of the loop's buffer, by the parser,
    and to join what came, which takes the body's memory twice. Here the kernel's copy is the last. The memory is
    reserved at once; only where bytes came does it become the process's.
    """

    def __init__(self, connection: "WireProtocol", body: "WireBody", length: int, came: bytes) -> None:
        """`length`: of the body; `came`: what the connection itself took in of it."""
        self._connection = connection
        self._body = body
        self._room = BytesIO(bytes(length))
        self._room.write(came)
        self._view = self._room.getbuffer()
        self._first = self._filled = len(came)
        connection.out.set_protocol(self)

    def close(self) -> bytes:
        """The whole body; or none, where it is left incomplete: then the connection goes on with its rest."""
        room, view = self._room, self._view
        del self._room, self._view  # uvloop keeps what it asked for buffers until it asks another
        if self._filled == len(view):
            view.release()
            return room.getvalue()
        came = view[self._first : self._filled]
        self._connection.resume_parsing(
            came[start : start + _SLICE_BYTES] for start in range(0, len(came), _SLICE_BYTES)
        )
        return b""

    # asyncio.BufferedProtocol

    def get_buffer(self, sizehint: int) -> "memoryview[int]":
        del sizehint
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._filled == len(self._view):
            self._connection.body_came_past()
        else:
            self._body.heard()

    def eof_received(self) -> None:
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()
