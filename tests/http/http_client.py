"""A client of few manners: writes bytes to a socket and reads what HTTP/1.1 answers come back."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = True
    chunks: list[bytes] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        error = self.json["error"]
        assert isinstance(error, dict)
        return error


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=4096))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Break the connection off at once."""
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def request(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        await self.send(request_bytes(method, path, body=body, headers=headers))

    async def head(self) -> Answer:
        status_line = await self.reader.readline()
        headers = []
        while line := (await self.reader.readline()).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        return Answer(int(status_line.split()[1]), headers)

    async def refusal(self, *, may_reset: bool) -> int | None:
        """The status of an answer behind which the connection closes; None where its reset came first.

        may_reset: the server closes the connection with bytes unread, as Hypercorn does.
        """
        try:
            status = (await self.head()).status
            assert b"HTTP/1.1 " not in await self.reader.read()
        except ConnectionResetError:
            if may_reset:
                return None
            raise
        return status

    async def chunk(self) -> bytes:
        """The next chunk of a chunked body; empty at its end. Raises IncompleteReadError where it is cut."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def answer(self, *, method: str = "GET") -> Answer:
        answer = await self.head()
        if method == "HEAD" or answer.status in {204, 304}:
            return answer
        length = answer.header("content-length")
        if length is not None:
            answer.body = await self.reader.readexactly(int(length))
            return answer
        try:
            while chunk := await self.chunk():
                answer.chunks.append(chunk)
        except asyncio.IncompleteReadError:
            answer.complete = False
        answer.body = b"".join(answer.chunks)
        return answer


def request_bytes(method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    fields = {"host": "127.0.0.1", "content-type": "application/json", **(headers or {})}
    if (body or method == "POST") and "content-length" not in fields and "transfer-encoding" not in fields:
        fields["content-length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
