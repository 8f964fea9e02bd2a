"""Direct and proxied origins behind one port."""

import asyncio
import sys

import pytest

from adapters.upstream import by_origin
from adapters.upstream.by_origin import UpstreamByOrigin, Upstreams
from adapters.upstream.port import Origin, UpstreamHttp, UpstreamRequest
from adapters.upstream.proxies import ProxySettings
from adapters.upstream.tls import TlsSettings
from domain.errors import UpstreamUnavailable
from tests.upstream.scripted_server import Exchange, answer, sends, serving


async def fetch(upstream: UpstreamHttp, origin: Origin) -> bytes:
    request = UpstreamRequest(
        origin=origin, target="/v1/x?y", headers=(("Authorization", "Bearer k"),), body=b"{}"
    )
    response = await upstream.open(request)
    try:
        return await response.read()
    finally:
        await response.aclose()


async def test_a_proxied_origin_is_asked_through_the_proxy_and_an_exempt_one_directly() -> None:
    async with serving(sends(answer(b"proxy"))) as proxy, serving(sends(answer(b"direct"))) as server:
        settings = ProxySettings.from_environment(
            {"http_proxy": f"http://user:pass@127.0.0.1:{proxy.port}", "no_proxy": "127.0.0.1"}
        )
        upstream = UpstreamByOrigin(TlsSettings(), settings)
        for _ in range(2):
            assert await fetch(upstream, server.origin) == b"direct"
            assert await fetch(upstream, Origin(scheme="http", host="far.test", port=8000)) == b"proxy"
        assert (proxy.accepted, server.accepted) == (1, 1)
        head = proxy.exchanges[0].head
        assert head.startswith(b"POST http://far.test:8000/v1/x?y HTTP/1.1\r\n")
        assert b"Host: far.test:8000\r\n" in head
        assert b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in head
        await upstream.aclose()


async def test_https_origins_are_tunnelled_without_their_headers() -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.send(answer(b"", status="407 Proxy Authentication Required"))

    async with serving(refuse) as proxy:
        settings = ProxySettings.from_environment({"https_proxy": f"http://127.0.0.1:{proxy.port}"})
        upstream = UpstreamByOrigin(TlsSettings(verify=False), settings)
        with pytest.raises(UpstreamUnavailable, match="the proxy refused: 407"):
            await fetch(upstream, Origin(scheme="https", host="far.test", port=443))
        head = proxy.exchanges[0].head
        assert head.startswith(b"CONNECT far.test:443 HTTP/1.1\r\n")
        assert b"Bearer" not in head
        await upstream.aclose()


async def test_the_number_of_remembered_origins_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_origin, "_MAX_REMEMBERED_ORIGINS", 1)
    async with serving(sends(answer(b"one"))) as one, serving(sends(answer(b"two"))) as two:
        upstream = UpstreamByOrigin(TlsSettings(), ProxySettings())
        for _ in range(2):
            assert await fetch(upstream, one.origin) == b"one"
            assert await fetch(upstream, two.origin) == b"two"
        assert (one.accepted, two.accepted) == (1, 1)
        await upstream.aclose()


async def test_there_is_one_client_per_tls_settings() -> None:
    upstreams = Upstreams(ProxySettings())
    strict, lax = upstreams.for_tls(TlsSettings()), upstreams.for_tls(TlsSettings(verify=False))
    assert strict is not lax
    assert upstreams.for_tls(TlsSettings()) is strict
    async with serving(sends(answer())) as server:
        await fetch(strict, server.origin)
        await fetch(lax, server.origin)
        assert server.accepted == 2
        await upstreams.aclose()


async def test_httpx_is_imported_only_for_proxies() -> None:
    code = (
        "import sys, adapters.upstream.by_origin as m; "
        "u = m.Upstreams(m.ProxySettings()).for_tls(m.TlsSettings()); "
        "raise SystemExit('httpx' in sys.modules or 'certifi' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0
