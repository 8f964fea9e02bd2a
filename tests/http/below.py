"""A transport without a socket, to see what reaches it."""

import asyncio
from collections.abc import Iterable


class Below(asyncio.Transport):
    """Remembers what reached it, in order; `unsent` bytes of it nobody read yet."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []
        self.closed = asyncio.Event()
        self.unsent = 0

    @property
    def written(self) -> bytes:
        return b"".join(call for call in self.calls if isinstance(call, bytes))

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.calls.append(data)

    def writelines(self, list_of_data: Iterable[object]) -> None:
        self.calls.append(b"".join(part for part in list_of_data if isinstance(part, bytes)))

    def close(self) -> None:
        self.calls.append("close")
        self.closed.set()

    def abort(self) -> None:
        self.calls.append("abort")
        self.closed.set()

    def write_eof(self) -> None:
        self.calls.append("eof")

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")
