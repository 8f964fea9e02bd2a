"""Which client serves which upstream: pooled where the way is direct, httpx where a proxy stands between."""

from collections.abc import Coroutine
from typing import Any, Final

from adapters.upstream.httpx_client import HttpxUpstream
from adapters.upstream.pooled import PooledUpstream
from adapters.upstream.port import Origin, UpstreamHttp, UpstreamRequest, UpstreamResponse
from adapters.upstream.proxies import ProxySettings
from adapters.upstream.tls import TlsSettings

_MAX_REMEMBERED_ORIGINS: Final = 1024


class UpstreamByOrigin:
    """An `UpstreamHttp` that sends each origin through the client its proxy settings call for.

    Clients are built when an origin first needs them; httpx is not imported where nothing is proxied.
    """

    def __init__(self, tls: TlsSettings, proxies: ProxySettings) -> None:
        self._tls = tls
        self._proxies = proxies
        self._by_origin: dict[Origin, UpstreamHttp] = {}
        self._by_proxy: dict[str | None, UpstreamHttp] = {}

    def open(self, request: UpstreamRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """As `UpstreamHttp.open`."""
        client = self._by_origin.get(request.origin)
        if client is None:
            client = self._choose(request.origin)
        return client.open(request)

    async def aclose(self) -> None:
        for client in self._by_proxy.values():
            await client.aclose()

    def _choose(self, origin: Origin) -> UpstreamHttp:
        proxy_url = self._proxies.proxy_for(origin)
        client = self._by_proxy.get(proxy_url)
        if client is None:
            client = (
                PooledUpstream(self._tls) if proxy_url is None else HttpxUpstream(self._tls, proxy_url=proxy_url)
            )
            self._by_proxy[proxy_url] = client
        if len(self._by_origin) >= _MAX_REMEMBERED_ORIGINS:
            self._by_origin.clear()
        self._by_origin[origin] = client
        return client


class Upstreams:
    """One `UpstreamHttp` per distinct `TlsSettings`: deployments with their own `ssl_verify` get their own.

    Asked at configuration time; owns what it hands out.
    """

    def __init__(self, proxies: ProxySettings) -> None:
        self._proxies = proxies
        self._by_tls: dict[TlsSettings, UpstreamHttp] = {}

    def for_tls(self, tls: TlsSettings) -> UpstreamHttp:
        """The client for these settings, the same one each time."""
        client = self._by_tls.get(tls)
        if client is None:
            client = self._by_tls[tls] = UpstreamByOrigin(tls, self._proxies)
        return client

    async def aclose(self) -> None:
        for client in self._by_tls.values():
            await client.aclose()
