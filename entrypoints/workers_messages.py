"""What the supervisor and its workers tell each other, and how it travels between them."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

LENGTH_BYTES: Final = 4


class Serving(msgspec.Struct, tag=True, frozen=True):
    """A worker takes connections."""


class Counted(msgspec.Struct, tag=True, frozen=True):
    """What a worker counted so far; `asked` is the number of the question that it answers, 0 if none."""

    snapshot: msgspec.Raw
    asked: int = 0


class Scraped(msgspec.Struct, tag=True, frozen=True):
    """A worker wants to know what the others counted; `number` is its own for this question."""

    number: int


class Count(msgspec.Struct, tag=True, frozen=True):
    """The supervisor wants to know what a worker counted."""

    asked: int


class Totals(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The supervisor's answer to Scraped; fields as in Others."""

    number: int
    snapshots: tuple[msgspec.Raw, ...]
    pids: tuple[int, ...]
    gone_cpu_s: float
    serving: int
    restarts: int


class Retire(msgspec.Struct, tag=True, frozen=True):
    """A worker is to take no more connections, and to end when those it has have ended by themselves."""


class Drain(msgspec.Struct, tag=True, frozen=True):
    """A worker is to end within the drain timeout."""


class Hurry(msgspec.Struct, tag=True, frozen=True):
    """A worker that drains is to end at once."""


FromWorker: TypeAlias = Serving | Counted | Scraped
FromSupervisor: TypeAlias = Count | Totals | Retire | Drain | Hurry

_ENCODER: Final = msgspec.msgpack.Encoder()
_FROM_WORKER: Final[msgspec.msgpack.Decoder[FromWorker]] = msgspec.msgpack.Decoder(FromWorker)
_FROM_SUPERVISOR: Final[msgspec.msgpack.Decoder[FromSupervisor]] = msgspec.msgpack.Decoder(FromSupervisor)


def encode_message(message: FromWorker | FromSupervisor) -> bytes:
    """The message, after its length."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_from_worker(body: bytes | bytearray) -> FromWorker:
    """What a worker said."""
    return _FROM_WORKER.decode(body)


def decode_from_supervisor(body: bytes | bytearray) -> FromSupervisor:
    """What the supervisor said."""
    return _FROM_SUPERVISOR.decode(body)


class Inbox:
    """Cuts what arrived into messages."""

    def __init__(self) -> None:
        self._arrived = bytearray()

    def feed(self, arrived: bytes) -> Iterator[bytes]:
        """The bodies of the messages that are complete now."""
        self._arrived += arrived
        while len(self._arrived) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._arrived[:LENGTH_BYTES], "big")
            if len(self._arrived) < end:
                return
            body = bytes(self._arrived[LENGTH_BYTES:end])
            del self._arrived[:end]
            yield body
