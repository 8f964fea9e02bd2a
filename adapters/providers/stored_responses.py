"""Responses that an upstream keeps, reached over HTTP."""

from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Final

from adapters.providers.calling import check_status, headers_with, label, shown_headers
from adapters.providers.deployment_spec import TlsKey
from adapters.providers.route import Route
from adapters.providers.wire import RESPONSES, ModelWire
from adapters.upstream.port import UpstreamHttp, UpstreamRequest, UpstreamResponse
from application.ports.response_store import StoredAnswer, StoredCall
from domain.errors import UpstreamError
from domain.routing.fleet import Deployment

_SHOWN: Final = ("content-type",)


class HttpResponseStore:
    """Reaches the responses kept by upstreams that speak Responses; implements `ResponseStore`.

    upstreams: `ssl_verify` as a route has it → the client that checks certificates so.
    routes:    deployment id → route.
    """

    def __init__(self, upstreams: Mapping[TlsKey, UpstreamHttp], routes: Mapping[str, Route]) -> None:
        self._routes = {identity: (route, upstreams[route.tls]) for identity, route in routes.items()}

    def keeps(self, deployment: Deployment) -> bool:
        """Whether the deployment's upstream speaks Responses."""
        found = self._routes.get(deployment.id)
        return found is not None and any(wire.dialect.name == RESPONSES for wire in found[0].wires)

    async def open(self, deployment: Deployment, call: StoredCall) -> StoredAnswer:
        """The upstream's answer, its body byte for byte.

        `deployment` is one that keeps responses. Raises UpstreamErrors, the upstream's own refusal among them.
        """
        route, upstream = self._routes[deployment.id]
        wire = route.models.of(deployment.model).wire_for(RESPONSES)
        response: UpstreamResponse | None = None
        try:
            response = await upstream.open(_request(route, wire, call))
            await check_status(response, wire.wire.dialect)
        except BaseException as error:
            if isinstance(error, UpstreamError):
                label(error, deployment, route, response)
            if response is not None:
                await response.aclose()
            raise
        return _Forwarded(deployment, route, response)


class _Forwarded:
    """An answer on its way through."""

    def __init__(self, deployment: Deployment, route: Route, response: UpstreamResponse) -> None:
        self._deployment = deployment
        self._route = route
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        headers = self._response.headers
        shown = shown_headers(headers, client=RESPONSES, upstream=RESPONSES)
        return MappingProxyType({**shown, **{name: headers[name] for name in _SHOWN if name in headers}})

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in self._response.chunks():
                yield chunk
        except UpstreamError as error:
            label(error, self._deployment, self._route, self._response)
            raise

    async def aclose(self) -> None:
        await self._response.aclose()


def _request(route: Route, wire: ModelWire, call: StoredCall) -> UpstreamRequest:
    path, _, query = wire.buffered_target.partition("?")
    queries = "&".join(part for part in (query, call.query) if part)
    headers = headers_with(route, call.headers, wire.wire.callers, same_dialect=True)
    return UpstreamRequest(
        method=call.method,
        origin=route.origin,
        target=f"{path}/{call.suffix}{f'?{queries}' if queries else ''}",
        headers=headers if call.body else tuple(header for header in headers if header[0] != "content-type"),
        body=call.body,
        limits=route.limits.of(stream="stream=true" in call.query, timeout_s=None),
        provider=route.provider,
        model=wire.model.model,
    )
