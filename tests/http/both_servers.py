"""The gateway as users start it, on either server, before an upstream that does what a test says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import Gateway, running_gateway
from tests.http.http_client import Connection
from tests.upstream.scripted_server import Script, ScriptedServer, answer, sends, serving

SERVERS = ("uvicorn", "hypercorn")
PATH = b"/v1/chat/completions"
MODEL = b'"model":"openai/m"'
BODY = b"{" + MODEL + b',"messages":[{"role":"user","content":"hi"}]}'
STREAM = BODY[:-1] + b',"stream":true}'
SENT = BODY.replace(MODEL, b'"model":"m"')
"""`BODY` as it reaches the upstream."""

ANSWER = b'{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
FRAME = b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
LAST_FRAME = (
    b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
)
DONE = b"data: [DONE]\n\n"
FRAMES = FRAME + LAST_FRAME + DONE
AUTHORITY = b"host: 127.0.0.1\r\nauthorization: Bearer " + MASTER_KEY.encode() + b"\r\n"


def head(
    *lines: bytes, target: bytes = PATH, method: bytes = b"POST", version: bytes = b"1.1", first: bytes = AUTHORITY
) -> bytes:
    """A request's head: `first`, which names host and key, then `lines`."""
    return b"%b %b HTTP/%b\r\n%b" % (method, target, version, first) + b"".join(
        [line + b"\r\n" for line in (*lines, b"")]
    )


def request(
    body: bytes = BODY, *lines: bytes, target: bytes = PATH, method: bytes = b"POST", version: bytes = b"1.1"
) -> bytes:
    """A request whose body has a length."""
    length = (b"content-length: %d" % len(body),) if body or method == b"POST" else ()
    return head(*length, *lines, target=target, method=method, version=version) + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Chunks, framed."""
    return b"".join([b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]) + end


ANSWERS = sends(answer(ANSWER, headers=b"Content-Type: application/json\r\n"))


@dataclass
class Stage:
    """A gateway and its upstream."""

    server: str
    gateway: Gateway
    upstream: ScriptedServer

    @property
    def port(self) -> int:
        return int(self.gateway.base.rpartition(":")[2])

    @property
    def bodies(self) -> list[bytes]:
        """What the upstream was asked."""
        return [exchange.body for exchange in self.upstream.exchanges]

    async def connect(self) -> Connection:
        return await Connection.open(self.port)

    def plays(self, *scripts: Script) -> None:
        """What the upstream does with the requests to come: answers them, if nothing is said."""
        self.upstream.plays(*(scripts or (ANSWERS,)))

    def file_count(self) -> int:
        """How many files and sockets the gateway has open."""
        return len(list(Path(f"/proc/{self.gateway.pid}/fd").iterdir()))


@asynccontextmanager
async def staged(server: str, folder: Path, flags: Sequence[str] = ()) -> AsyncIterator[Stage]:
    """A running stage, which nothing may have surprised when it ends."""
    async with serving(ANSWERS) as upstream:
        starting = running_gateway(
            four_dialects(f"http://127.0.0.1:{upstream.port}"), folder, "--server", server, *flags
        )
        gateway = await asyncio.to_thread(starting.__enter__)
        try:
            yield Stage(server, gateway, upstream)
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)
    assert "Traceback" not in gateway.output
