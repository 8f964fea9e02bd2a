"""Whatever a client sends, in whatever pieces, and whenever it leaves: the wire door ends everything it began."""

import asyncio
from itertools import pairwise
from typing import Any

import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from adapters.http.wire import wire_to
from tests.http.below import Below
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import build_gateway
from tests.http.http_client import request_bytes
from tests.http.scripts import everything
from tests.http.test_leaving_clients import until


def post(model: str = "passed-through", *, stream: bool = False, **headers: str) -> bytes:
    return request_bytes("POST", CHAT, body=chat_body(model, stream=stream), headers=headers)


def begun(**headers: str) -> bytes:
    return request_bytes("POST", CHAT, headers={name.replace("_", "-"): value for name, value in headers.items()})


HEALTH = request_bytes("GET", "/health")
PIECES = (
    post(),
    post()[:40],
    post()[40:],
    post(stream=True),
    post("hangs"),
    post("hangs-later", stream=True),
    post("crashes"),
    post("crashes-later", stream=True),
    post("nobody"),
    post(connection="close"),
    post(connection="upgrade", upgrade="h2c"),
    post().replace(b"HTTP/1.1", b"HTTP/1.0"),
    HEALTH,
    HEALTH.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    HEALTH.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n"),
    request_bytes("OPTIONS", CHAT),
    begun(transfer_encoding="chunked"),
    begun(content_length="10", expect="100-continue"),
    begun(content_length="200000"),
    b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
    b"5\r\n{\r\n\r\n\r\n",
    b"0\r\n\r\n",
    b"0\r\nx: y\r\n\r\n",
    b"zz\r\n",
    b"0123456789",
    b"z" * 70_000,
    b"x: " + b"y" * 66_000,
    b"\r\n",
    b"\0",
)
acts = st.one_of(
    st.sampled_from(PIECES),
    st.binary(max_size=20),
    st.integers(0, 30),  # so many turns of the loop pass
    st.just("half-closes"),
)


class Socket(Below):
    """Tells its protocol of its end, as transports do."""

    def close(self) -> None:
        self._end("close")

    def abort(self) -> None:
        self._end("abort")

    def _end(self, how: str) -> None:
        if not self.closed.is_set():
            self.calls.append(how)
            self.closed.set()
            asyncio.get_running_loop().call_soon(lambda: self.protocol.connection_lost(None))

    async def act(self, act: bytes | int | str, cuts: list[int]) -> None:
        """What a client does, seen from the server."""
        assert isinstance(self.protocol, asyncio.Protocol)
        match act:
            case bytes():
                for start, end in pairwise(sorted({0, len(act), *(cut % (len(act) + 1) for cut in cuts)})):
                    if not self.closed.is_set():
                        self.protocol.data_received(act[start:end])
            case int():
                for _ in range(act):
                    await asyncio.sleep(0)
            case _ if not self.closed.is_set() and not self.protocol.eof_received():
                self.close()


@given(acts=st.lists(acts, min_size=1, max_size=8), cuts=st.lists(st.integers(0, 70_000), max_size=3))
async def test_nothing_is_left_of_any_client(acts: list[bytes | int | str], cuts: list[int]) -> None:
    surprises: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: surprises.append(context))
    gateway, state, below = build_gateway(everything()), ServerState(), Socket()
    protocol_class = wire_to(gateway.plane)
    config = uvicorn.Config(gateway.app, http=protocol_class, lifespan="off", log_config=None)
    config.load()
    below.protocol = protocol_class(config, state, {})
    below.protocol.connection_made(below)
    for act in acts:
        await below.act(act, cuts)
    below.abort()
    async with asyncio.timeout(5):
        await until(lambda: not state.tasks and not state.connections and not len(gateway.tasks))
    assert (gateway.books.open, len(gateway.drain), surprises) == (0, 0, [])
