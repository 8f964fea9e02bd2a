"""Writes of one turn of the event loop, gathered until its end."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

MAX_GATHERED_BYTES: Final = 64 * 1024

Bytes: TypeAlias = "bytes | bytearray | memoryview[Any]"


class Outbox:
    """The transports of one event loop that have something to send when its turn ends."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[GatheringTransport] = []

    def add(self, transport: "GatheringTransport", loop: asyncio.AbstractEventLoop) -> None:
        if not self._waiting:
            loop.call_soon(self._send)
        self._waiting.append(transport)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport in waiting:
            transport.flush()


class GatheringTransport(asyncio.Transport):
    """Writes what was given within one turn of the loop together; everything else is the transport's below.

    A write to a socket wakes whoever waits at its other end, which costs more than the answer itself: measured
    with wrk on loopback, 25 of 165 µs a request. Sent one after the other at the end of the turn, answers find
    their readers awake; and the head and the body of one leave as one. Nothing is delayed beyond the turn, and
    what is gathered is bounded.
    """

    def __init__(self, below: asyncio.Transport, outbox: Outbox, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._below = below
        self._outbox = outbox
        self._loop = loop
        self._gathered: list[Bytes] = []
        self._size = 0
        self.is_closing = below.is_closing  # type: ignore[method-assign]  # asked with every answer

    def write(self, data: Bytes) -> None:
        if not self._gathered:
            self._outbox.add(self, self._loop)
        self._gathered.append(data)
        self._size += len(data)
        if self._size > MAX_GATHERED_BYTES:
            self.flush()

    def writelines(self, list_of_data: Iterable[Bytes]) -> None:
        for data in list_of_data:
            self.write(data)

    def flush(self) -> None:
        """Write what was gathered."""
        if not self._gathered:
            return
        gathered, self._gathered = self._gathered, []
        size, self._size = self._size, 0
        if self._below.is_closing():
            return
        if len(gathered) == 1:
            self._below.write(gathered[0])
        elif size > MAX_GATHERED_BYTES:
            self._below.writelines(gathered)
        else:
            self._below.write(b"".join(gathered))

    def close(self) -> None:
        self.flush()
        self._below.close()

    def write_eof(self) -> None:
        self.flush()
        self._below.write_eof()

    def abort(self) -> None:
        self._gathered, self._size = [], 0
        self._below.abort()

    def get_write_buffer_size(self) -> int:
        return self._size + self._below.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._below.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._below.pause_reading()

    def resume_reading(self) -> None:
        self._below.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._below.set_protocol(protocol)
