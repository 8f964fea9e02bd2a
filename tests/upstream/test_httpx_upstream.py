"""What only the httpx client offers: custom transports and HTTP/2."""

import asyncio
import ssl
from pathlib import Path
from typing import cast

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import trustme

from adapters.upstream.httpx_client import HttpxUpstream
from adapters.upstream.port import Limits, Origin, UpstreamRequest
from adapters.upstream.tls import TlsSettings
from domain.errors import MalformedResponse, UpstreamError, UpstreamTimeout, UpstreamUnavailable

ORIGIN = Origin(scheme="https", host="::1", port=8443)
REQUEST = UpstreamRequest(origin=ORIGIN, target="/v1/m:g?alt=sse", headers=(("X-A", "1"),), body=b"{}")


async def test_a_custom_transport_answers() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, headers={"X-B": "2"}, content=b"made")

    upstream = HttpxUpstream(transport=httpx.MockTransport(handle))
    response = await upstream.open(REQUEST)
    assert (response.status, response.headers["x-b"], await response.read()) == (201, "2", b"made")
    assert str(seen[0].url) == "https://[::1]:8443/v1/m:g?alt=sse"
    assert seen[0].headers["host"] == "[::1]:8443"
    assert seen[0].content == b"{}"
    await upstream.aclose()


@pytest.mark.parametrize(
    ("raised", "expected", "says"),
    [
        (httpx.ConnectTimeout("x"), UpstreamTimeout, "connect limit"),
        (httpx.PoolTimeout("x"), UpstreamTimeout, "connect limit"),
        (httpx.WriteTimeout("x"), UpstreamTimeout, "stopped reading"),
        (httpx.ReadTimeout("x"), UpstreamTimeout, "first byte limit"),
        (httpx.ConnectError("x"), UpstreamUnavailable, "no connection"),
        (httpx.UnsupportedProtocol("x"), UpstreamUnavailable, "no connection"),
        (httpx.ProxyError("502 Bad Gateway"), UpstreamUnavailable, "proxy refused: 502"),
        (httpx.ReadError("x"), UpstreamUnavailable, "without an answer"),
        (httpx.WriteError("x"), UpstreamUnavailable, "without an answer"),
        (httpx.CloseError("x"), UpstreamUnavailable, "without an answer"),
        (httpx.LocalProtocolError("x"), UpstreamUnavailable, "without an answer"),
        (httpx.RemoteProtocolError("<StreamReset stream_id:1>"), UpstreamUnavailable, "without an answer"),
        (httpx.RemoteProtocolError("illegal status line: X"), MalformedResponse, "not HTTP"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_each_error_of_httpx_is_one_of_ours(
    raised: httpx.TransportError, expected: type[UpstreamError], says: str
) -> None:
    calls = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        raise raised

    upstream = HttpxUpstream(transport=httpx.MockTransport(handle))
    with pytest.raises(expected, match=says) as caught:
        await upstream.open(REQUEST)
    assert caught.value.__cause__ is raised
    assert "https://[::1]:8443" in caught.value.message
    assert calls == 1
    await upstream.aclose()


class Http2Server(asyncio.Protocol):
    """Answers every stream with the length of its request, or silence for an empty one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        config = h2.config.H2Configuration(client_side=False)
        self._state = h2.connection.H2Connection(config=config)
        self._state.initiate_connection()
        self._received: dict[int, int] = {}
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._state.receive_data(data):
            match event:
                case h2.events.DataReceived(stream_id=int(stream), data=bytes(body)):
                    self._received[stream] = self._received.get(stream, 0) + len(body)
                    self._state.acknowledge_received_data(event.flow_controlled_length, stream)
                case h2.events.StreamEnded(stream_id=int(stream)) if self._received.get(stream):
                    self._state.send_headers(stream, [(":status", "200"), ("x-proto", "h2")])
                    self._state.send_data(stream, b"%d" % self._received[stream], end_stream=True)
        self._flush()

    def _flush(self) -> None:
        self._transport.write(self._state.data_to_send())


async def test_http2_is_spoken_where_asked_for(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("localhost").configure_cert(context)
    listener = await asyncio.get_running_loop().create_server(Http2Server, "127.0.0.1", 0, ssl=context)
    origin = Origin(scheme="https", host="localhost", port=listener.sockets[0].getsockname()[1])
    upstream = HttpxUpstream(TlsSettings(ca_file=str(tmp_path / "ca.pem")), http2=True)

    async def fetch(body: bytes) -> tuple[str, bytes]:
        request = UpstreamRequest(
            origin=origin, target="/", headers=(), body=body, limits=Limits(first_byte_s=0.2 if not body else 10)
        )
        response = await upstream.open(request)
        try:
            return response.headers["x-proto"], await response.read()
        finally:
            await response.aclose()

    async with listener:
        answers = (*await asyncio.gather(fetch(b"x"), fetch(b"x" * 30_000)),)
        assert answers == (("h2", b"1"), ("h2", b"30000"))
        with pytest.raises(UpstreamTimeout, match="first byte"):
            await fetch(b"")
        await upstream.aclose()
