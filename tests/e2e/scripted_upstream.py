"""An upstream on a loopback port that does what its scripts say, byte by byte, and counts its calls."""

import asyncio
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from tests.e2e.canned.contents import Asked


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes on the wire."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """So many seconds of silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing more, until the peer leaves."""


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection, in order."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The end of the connection by a reset."""


Act: TypeAlias = Send | Wait | Silence | Close | Reset
Script: TypeAlias = Callable[[Asked, int], Sequence[Act]]
"""What to do at a model's n-th call, counted from 0."""

_NOBODY = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
_LINGER_NOT = struct.pack("ii", 1, 0)


class ScriptedUpstream:
    """Plays `scripts`, by the model that is asked for; `calls` counts the requests that came, by model."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.calls: Counter[str] = Counter()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._players: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def revive(self) -> None:
        """Listen; after a `kill` on the same port."""
        self._run(self._listen())

    def kill(self) -> None:
        """Listen no more, and reset every connection."""
        self._run(self._die())

    def serve_forever(self) -> None:
        """Run until `end`, in a thread of its own."""
        self._loop.run_forever()
        self._loop.close()

    def end(self) -> None:
        self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _die(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        players = tuple(self._players)
        for writer in tuple(self._writers):
            _reset(writer)
        for player in players:
            player.cancel()
        await asyncio.gather(*players, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        player = asyncio.current_task()
        assert player is not None
        self._players.add(player)
        self._writers.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._players.discard(player)
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection goes on."""
        asked = await _read(reader)
        count = self.calls[asked.model]
        self.calls[asked.model] += 1
        script = self.scripts.get(asked.model)
        for act in (Send(_NOBODY),) if script is None else script(asked, count):
            match act:
                case Send(payload):
                    writer.write(payload)
                    await writer.drain()
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Silence():
                    await reader.read()
                    return False
                case Close():
                    return False
                case Reset():
                    _reset(writer)
                    return False
                case _:
                    assert_never(act)
        return True


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(path, headers, json.loads(body) if body else {}, method)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()


@contextmanager
def running_upstream() -> Iterator[ScriptedUpstream]:
    """An upstream without scripts, listening until the block ends."""
    upstream = ScriptedUpstream()
    thread = threading.Thread(target=upstream.serve_forever, daemon=True)
    thread.start()
    upstream.revive()
    try:
        yield upstream
    finally:
        upstream.end()
        thread.join(10)


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port that nobody listens on and nobody else gets."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
