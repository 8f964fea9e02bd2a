"""What a connection of the pooled client needs around it, without a socket."""

import asyncio

from adapters.upstream.connection import Connection


class MemoryTransport(asyncio.Transport):
    """Counts what is done to it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self.written = b""
        self.closed = False
        self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            self._connection.connection_lost(None)

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False


class Shelf:
    """A pool of one."""

    def __init__(self) -> None:
        self.free = 0

    def opened(self, connection: Connection) -> None:
        pass

    def put(self, connection: Connection) -> None:
        self.free += 1

    def lost(self, connection: Connection) -> None:
        self.free = 0
