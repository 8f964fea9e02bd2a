"""The httpx client: for proxies, HTTP/2 and custom transports."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from adapters.upstream.content_coding import Inflater, inflated, read_within_limit, take_inflater
from adapters.upstream.failures import malformed, timed_out
from adapters.upstream.httpx_errors import is_closed_before_answer, translated
from adapters.upstream.patience import Patience
from adapters.upstream.port import Taker, UpstreamRequest, UpstreamResponse
from adapters.upstream.request_head import header_block, origin_lines
from adapters.upstream.tls import LazySslContext, TlsSettings
from domain.errors import ShuttingDown

if TYPE_CHECKING:
    import httpx

MAX_KEPT_ALIVE: Final = 256
IDLE_EXPIRY_S: Final = 30.0


class HttpxUpstream:
    """`UpstreamHttp` on httpx's transports, built (and httpx imported: some 80 ms) at the first call.

    `proxy_url` is an http:// or https:// URL, with credentials if the proxy wants them. `http2` offers HTTP/2
    to https origins: the port is specified for it, though no configuration asks for it yet. A custom `transport`
    takes the place of all three. The transports are used without `httpx.AsyncClient`: its cookies, redirects and
    reading of the environment are nothing that an upstream call wants. Two things are coarser than in
    `PooledUpstream`: the connect limit counts TCP and TLS apart, and a head that stalls half-way is held to the
    first byte limit. A custom transport that traces nothing has the first chunk limit counted from its head.
    """

    def __init__(
        self,
        tls: TlsSettings = TlsSettings(),  # noqa: B008 - a frozen value
        *,
        proxy_url: str | None = None,
        http2: bool = False,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        # A context of its own: httpx sets the ALPN list of the one it is given.
        self._ssl_context = LazySslContext(tls)
        self._proxy_url = proxy_url
        self._http2 = http2
        self._custom = transport
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}
        self._closed = False

    async def open(self, request: UpstreamRequest) -> UpstreamResponse:
        """As `UpstreamHttp.open`.

        Raises also MalformedRequest (a header that cannot be sent), NotConfigured (an origin or a certificate
        file that cannot be used) and ShuttingDown (after `aclose`).
        """
        if self._closed:
            raise ShuttingDown("the gateway is shutting down and opens no upstream connections; try another one")
        origin_lines(request.origin)
        header_block(request)
        patience = Patience(request.limits)
        response = await self._send(request, patience)
        try:
            return HttpxAnswer(response, request, patience)
        except BaseException:
            await response.aclose()
            raise

    async def aclose(self) -> None:
        self._closed = True
        transports = [*self._transports.values()] if self._custom is None else [self._custom]
        self._transports.clear()
        for transport in transports:
            await transport.aclose()

    async def _send(self, request: UpstreamRequest, patience: Patience) -> "httpx.Response":
        import httpx  # noqa: PLC0415 - see the class

        transport = self._transport(request.origin.scheme)
        retried = False
        while True:
            watch = _SendingWatch(patience, fresh=self._custom is not None)
            outgoing = _outgoing(request, watch)
            try:
                async with patience.before_head():
                    response = await transport.handle_async_request(outgoing)
            except TimeoutError as error:
                raise timed_out(request, patience.phase) from error
            except httpx.TransportError as error:
                if retried or watch.fresh or not is_closed_before_answer(error):
                    raise translated(error, request, headed=False) from error
                retried = True  # the peer's keep-alive ran out while the request was under way
            else:
                # The transport looks its limits up anew when the body is read, whose silences are watched here.
                outgoing.extensions["timeout"]["read"] = None
                return response

    def _transport(self, scheme: str) -> "httpx.AsyncBaseTransport":
        """One transport per scheme, so that only https origins pay for certificates."""
        transport = self._custom or self._transports.get(scheme)
        if transport is None:
            transport = self._transports[scheme] = self._new_transport(scheme)
        return transport

    def _new_transport(self, scheme: str) -> "httpx.AsyncBaseTransport":
        import httpx  # noqa: PLC0415 - see the class

        to_proxy_by_tls = self._proxy_url is not None and self._proxy_url.lower().startswith("https:")
        context = self._ssl_context.get() if scheme == "https" or to_proxy_by_tls else None
        proxy = None
        if self._proxy_url is not None:
            proxy = httpx.Proxy(self._proxy_url, ssl_context=context if to_proxy_by_tls else None)
        return httpx.AsyncHTTPTransport(
            verify=False if context is None else context,  # None: a transport that only ever sees http://
            trust_env=False,
            http2=self._http2,
            proxy=proxy,
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=MAX_KEPT_ALIVE,
                keepalive_expiry=IDLE_EXPIRY_S,
            ),
        )


class HttpxAnswer:
    """An `UpstreamResponse` over that of httpx. Raises MalformedResponse for a head that cannot be used."""

    __slots__ = ("_inflater", "_patience", "_request", "_response", "headers", "status")

    def __init__(self, response: "httpx.Response", request: UpstreamRequest, patience: Patience) -> None:
        self.status = response.status_code
        if self.status < 200:
            raise malformed(request, "it switches to a protocol that was not asked for")
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > request.limits.max_head_bytes:
            limit = request.limits.max_head_bytes
            raise malformed(request, f"its head is larger than the limit of {limit} bytes")
        headers: dict[str, str] = {}
        for raw_name, raw_value in response.headers.raw:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._inflater: Inflater | None = take_inflater(headers, request)
        self.headers: Mapping[str, str] = headers
        self._response = response
        self._request = request
        self._patience = patience

    def chunks(self) -> AsyncGenerator[bytes, None]:
        if self._inflater is None:
            return self._raw_chunks()
        return inflated(self._raw_chunks(), self._inflater, request=self._request)

    def offer_to(self, taker: Taker) -> None:
        """Nothing is offered: httpx gives a chunk to none but its reader."""

    async def read(self) -> bytes:
        return await read_within_limit(self.chunks(), self._request)

    async def aclose(self) -> None:
        await self._response.aclose()

    async def _raw_chunks(self) -> AsyncGenerator[bytes, None]:
        import httpx  # noqa: PLC0415 - see HttpxUpstream

        stream = aiter(cast("AsyncIterator[bytes]", self._response.stream))
        patience = self._patience
        try:
            while True:
                try:
                    async with patience.before_chunk():
                        chunk = await anext(stream, None)
                except TimeoutError as error:
                    raise timed_out(self._request, patience.phase) from error
                except httpx.TransportError as error:
                    raise translated(error, self._request, headed=True) from error
                if chunk is None:
                    return
                if chunk:
                    patience.heard()
                    yield chunk
        finally:
            await self.aclose()


class _SendingWatch:
    """Learns from the transport's trace whether a request goes out on a fresh connection, and when it is sent."""

    __slots__ = ("_patience", "fresh")

    def __init__(self, patience: Patience, *, fresh: bool) -> None:
        self._patience = patience
        self.fresh = fresh

    async def __call__(self, event: str, _: Mapping[str, object]) -> None:
        if event.startswith("connection.connect_tcp"):
            self.fresh = True
        elif event.endswith(".receive_response_headers.started"):
            self._patience.sent()


def _outgoing(request: UpstreamRequest, watch: _SendingWatch) -> "httpx.Request":
    import httpx  # noqa: PLC0415 - see HttpxUpstream

    limits, origin = request.limits, request.origin
    return httpx.Request(
        request.method,
        httpx.URL(scheme=origin.scheme, host=origin.host, port=origin.port, raw_path=request.target.encode()),
        headers=[
            (b"Host", origin.authority.encode()),
            (b"Accept-Encoding", b"identity"),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers),
        ],
        content=bytes(request.body),
        extensions={
            "timeout": {
                "connect": limits.connect_s,
                "pool": limits.connect_s,
                "write": limits.idle_s,
                "read": limits.first_byte_s,
            },
            "trace": watch,
        },
    )
