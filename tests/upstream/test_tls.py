"""TLS of both clients, with certificates made on the spot."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from adapters.upstream.httpx_client import HttpxUpstream
from adapters.upstream.pooled import PooledUpstream
from adapters.upstream.port import Limits, UpstreamHttp
from adapters.upstream.tls import LazySslContext, TlsSettings, build_ssl_context
from domain.errors import NotConfigured, UpstreamTimeout, UpstreamUnavailable
from tests.upstream.scripted_server import (
    Exchange,
    Script,
    answer,
    sends,
    sends_and_closes,
    sends_and_resets,
    sends_and_stalls,
    serving,
)

Client = Callable[[TlsSettings], UpstreamHttp]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(params=[PooledUpstream, HttpxUpstream], ids=["pooled", "httpx"])
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


async def fetch(upstream: UpstreamHttp, *, server_context: ssl.SSLContext, times: int = 1) -> None:
    """Ask a TLS server `times` times on one connection."""
    async with serving(sends(answer()), tls=server_context) as server:
        try:
            for _ in range(times):
                response = await upstream.open(server.request())
                assert await response.read() == b'{"ok":true}'
                await response.aclose()
            assert server.accepted == 1
        finally:
            await upstream.aclose()


async def test_a_trusted_certificate_is_accepted_and_the_connection_kept(
    client: Client, server_context: ssl.SSLContext, ca_file: str
) -> None:
    await fetch(client(TlsSettings(ca_file=ca_file)), server_context=server_context, times=3)


async def test_verification_can_be_switched_off(client: Client, server_context: ssl.SSLContext) -> None:
    await fetch(client(TlsSettings(verify=False)), server_context=server_context)


async def test_an_unknown_authority_is_refused_with_the_reason(
    client: Client, server_context: ssl.SSLContext
) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"https://localhost:\d+: TLS certificate verify failed: unable"):
        await fetch(client(TlsSettings()), server_context=server_context)


async def test_a_certificate_of_another_host_is_refused(
    client: Client, authority: trustme.CA, ca_file: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    with pytest.raises(UpstreamUnavailable, match=r"certificate verify failed: Hostname mismatch"):
        await fetch(client(TlsSettings(ca_file=ca_file)), server_context=context)


async def test_a_server_without_tls_is_unavailable(client: Client, ca_file: str) -> None:
    async with serving(sends(answer())) as plain:
        upstream = client(TlsSettings(ca_file=ca_file))
        request = plain.request()
        secured = type(request)(
            origin=type(request.origin)(scheme="https", host="localhost", port=plain.port),
            target="/",
            headers=(),
            body=b"",
            limits=Limits(connect_s=0.5),
        )
        with pytest.raises((UpstreamUnavailable, UpstreamTimeout), match="no connection to https://localhost"):
            await upstream.open(secured)
        await upstream.aclose()


@pytest.mark.parametrize("end", [sends_and_closes, sends_and_resets], ids=["closed", "reset"])
async def test_truncation_is_seen_through_tls(
    client: Client,
    server_context: ssl.SSLContext,
    ca_file: str,
    end: Callable[[bytes], Script],
) -> None:
    upstream = client(TlsSettings(ca_file=ca_file))
    script = end(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    async with serving(script, tls=server_context) as server:
        response = await upstream.open(server.request())
        with pytest.raises(UpstreamUnavailable, match="cut short"):
            await response.read()
        await upstream.aclose()


async def test_closing_is_prompt_through_tls(client: Client, server_context: ssl.SSLContext, ca_file: str) -> None:
    upstream = client(TlsSettings(ca_file=ca_file))
    stalled = sends_and_stalls(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    async with serving(stalled, tls=server_context) as server:
        response = await upstream.open(server.request())
        await response.aclose()
        await server.until(lambda it: it.open_connections == 0)
    await upstream.aclose()


async def test_large_bodies_pass_through_tls(client: Client, server_context: ssl.SSLContext, ca_file: str) -> None:
    body = bytes(range(256)) * 8_000

    async def echo(exchange: Exchange) -> None:
        await exchange.send(answer(exchange.body))

    upstream = client(TlsSettings(ca_file=ca_file))
    async with serving(echo, tls=server_context) as server:
        for _ in range(2):
            response = await upstream.open(server.request(body=body))
            assert await response.read() == body
            await response.aclose()
        assert server.accepted == 1
        await upstream.aclose()


@pytest.mark.parametrize("content", [None, "not PEM"])
async def test_unreadable_files_are_named(client: Client, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    upstream = client(TlsSettings(ca_file=str(path)))
    async with serving(sends(answer()), tls=None) as server:
        origin = type(server.origin)(scheme="https", host="localhost", port=server.port)
        request = type(server.request())(origin=origin, target="/", headers=(), body=b"")
        with pytest.raises(NotConfigured, match=r"bundle\.pem"):
            await upstream.open(request)


async def test_plain_origins_build_no_context(client: Client) -> None:
    upstream = client(TlsSettings(ca_file="/nonexistent.pem"))
    async with serving(sends(answer())) as server:
        response = await upstream.open(server.request())
        assert response.status == 200
        await response.aclose()
        await upstream.aclose()


def test_the_default_trusts_public_authorities_and_checks_names() -> None:
    context = build_ssl_context(TlsSettings())
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] > 50


def test_a_context_is_built_once() -> None:
    lazy = LazySslContext(TlsSettings(verify=False))
    assert lazy.get() is lazy.get()
