"""A client of the soak: connections that are kept, answers of every dialect, and whether they end as they should."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.routing.raw_clients import CLIENTS, Said
from tests.http.http_client import Answer, Connection, request_bytes

_KEEP_S = 20.0
"""How long a free connection is used again: shorter than servers keep it."""
_NARROW_BYTES = 8_192
_KEYS: Mapping[str, tuple[str, str]] = {
    "chat": ("authorization", "Bearer {}"),
    "responses": ("authorization", "Bearer {}"),
    "messages": ("x-api-key", "{}"),
    "gemini": ("x-goog-api-key", "{}"),
}


class Unexpected(Exception):
    """A request did not end as it was meant to; says how it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer is to end. A failure is told in the dialect's words: at once, or midway (`tokens` > 0).

    says: stands in the body.
    """

    statuses: tuple[int, ...] = (200,)
    tokens: int = 0
    failed: bool = False
    says: str = ""

    def allows(self, answer: Answer, said: Said) -> bool:
        """Whether it ended so."""
        return not list(self._flaws(answer, said))

    def check(self, answer: Answer, said: Said) -> None:
        """Raise Unexpected where it ended otherwise."""
        flaws = list(self._flaws(answer, said))
        if flaws:
            raise Unexpected(f"{'; '.join(flaws)}; body {answer.body[:300]!r}")

    def _flaws(self, answer: Answer, said: Said) -> Iterator[str]:
        if answer.status not in self.statuses:
            yield f"status {answer.status}, expected {' or '.join(map(str, self.statuses))}"
        if not answer.complete:
            yield "the answer was cut"
        if (said.error is not None) != self.failed:
            yield "no error" if self.failed else f"error {said.error}"
        if said.finished == self.failed:
            yield "finished" if self.failed else "not finished"
        if said.tokens != self.tokens:
            yield f"{said.tokens} tokens, expected {self.tokens}"
        if self.says.encode() not in answer.body:
            yield f"does not say {self.says!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A chat in one client's dialect, to one model."""

    client: str
    model: str
    stream: bool = False
    prompt: str = "Count."

    def encoded(self, number: int, version: str = "1.1", **headers: str) -> bytes:
        """The request as it goes out; `number` makes it unique."""
        raw = CLIENTS[self.client]
        body = json.dumps(raw.body(self.model, self.stream, False)).replace("Count.", self.prompt)
        own = {**credentials(self.client), "x-request-id": f"soak-{number}", **headers}
        sent = request_bytes("POST", raw.path(self.model, self.stream), body=body.encode(), headers=own)
        return sent.replace(b" HTTP/1.1\r\n", f" HTTP/{version}\r\n".encode(), 1)

    def read(self, answer: Answer) -> Said:
        """What the answer says. Raises Unexpected where that is not of the dialect."""
        try:
            if (answer.header("content-type") or "").startswith("text/event-stream"):
                documents = list(_frames(answer.body.decode()))
            else:
                documents = [answer.json]
            return CLIENTS[self.client].read(documents)
        except (ValueError, KeyError, IndexError, TypeError) as unread:
            raise Unexpected(f"status {answer.status}, {unread!r} in the body {answer.body[:300]!r}") from unread


class Caller:
    """Asks one gateway, on connections that it keeps."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._free: list[tuple[Connection, float]] = []

    async def ask(self, *requests: bytes) -> list[Answer]:
        """The answers to requests that are sent at once, on a connection used before or a new one."""
        connection = self._kept() or await Connection.open(self.port)
        try:
            await connection.send(b"".join(requests))
            answers = [await connection.answer() for _ in requests]
        except BaseException:
            connection.leave()
            raise
        if answers[-1].header("connection") == "close":
            connection.leave()
        else:
            self._free.append((connection, asyncio.get_running_loop().time() + _KEEP_S))
        return answers

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Connection]:
        """A connection that is left afterwards."""
        async with await Connection.open(self.port) as connection:
            yield connection

    @asynccontextmanager
    async def narrow(self) -> AsyncIterator[Connection]:
        """A connection of its own that takes little at a time."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BYTES)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        async with Connection(*await asyncio.open_connection(sock=sock, limit=_NARROW_BYTES)) as connection:
            yield connection

    def _kept(self) -> Connection | None:
        while self._free:
            kept, until_s = self._free.pop()
            if asyncio.get_running_loop().time() < until_s and not kept.reader.at_eof():
                return kept
            kept.leave()
        return None

    def leave(self) -> None:
        """Close what is kept."""
        for connection, _ in self._free:
            connection.leave()
        self._free.clear()


def credentials(client: str) -> dict[str, str]:
    """The header in which a dialect's clients show their key."""
    name, form = _KEYS[client]
    return {name: form.format(MASTER_KEY)}


async def last_answer(connection: Connection) -> Answer:
    """An answer that ends with its connection, or has a length."""
    answer = await connection.head()
    length = answer.header("content-length")
    if answer.header("transfer-encoding") is not None:
        raise Unexpected("a chunked answer to a client of HTTP/1.0")
    answer.body = (
        await connection.reader.read() if length is None else await connection.reader.readexactly(int(length))
    )
    return answer


def _frames(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("data: "):
            yield {"done": True} if line == "data: [DONE]" else json.loads(line[6:])
