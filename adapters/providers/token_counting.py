"""Counts of tokens from the endpoints that upstreams have for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages import counting as anthropic_messages
from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.gemini import counting as gemini
from adapters.dialects.openai_responses import counting as openai_responses
from adapters.providers.calling import headers_with
from adapters.providers.deployment_spec import TlsKey
from adapters.providers.route import Route
from adapters.providers.whole_answer import Asked, whole_answer
from adapters.providers.wire import ModelWire
from adapters.upstream.port import UpstreamHttp, UpstreamRequest
from application.chat_call import ChatCall
from domain.json_types import JSON
from domain.routing.fleet import Deployment


@dataclass(frozen=True, slots=True)
class _Counting:
    """How a dialect's counting endpoint is asked and read."""

    render: Callable[[RenderedRequest, Target], dict[str, JSON]]
    parse: Callable[[JSON], int]


_BY_DIALECT: Final = MappingProxyType(
    {
        "anthropic_messages": _Counting(
            lambda rendered, _: anthropic_messages.render_count_request(rendered), anthropic_messages.parse_count
        ),
        "gemini": _Counting(
            lambda rendered, target: gemini.render_count_request(rendered, target.model), gemini.parse_count
        ),
        "openai_responses": _Counting(
            lambda rendered, _: openai_responses.render_count_request(rendered), openai_responses.parse_count
        ),
    }
)


class HttpTokenCounter:
    """Counts for deployments that have a route, where one of their wires counts.

    upstreams: `ssl_verify` as a route has it → the client that checks certificates so.
    routes:    deployment id → route.
    """

    def __init__(self, upstreams: Mapping[TlsKey, UpstreamHttp], routes: Mapping[str, Route]) -> None:
        self._routes = {identity: (route, upstreams[route.tls]) for identity, route in routes.items()}

    async def count(self, deployment: Deployment, call: ChatCall) -> int | None:
        """The tokens of `call`, as `TokenCounter.count` promises it. Sets the call's `upstream_headers`."""
        found = self._routes.get(deployment.id)
        if found is None or call.mock_response is not None:
            return None
        route, upstream = found
        wire = route.models.of(deployment.model).counting_for(call.document.dialect)
        counting = None if wire is None else _BY_DIALECT.get(wire.wire.dialect.name)
        if wire is None or wire.counting_target is None or counting is None:
            return None
        rendered = wire.wire.dialect.render_request(route.wishes.applied(call.document.canonical()), wire.model)
        call.accept(rendered.losses, deployment)
        body = json_codec.encode(counting.render(rendered, wire.model))
        asked = Asked(deployment=deployment, route=route, dialect=wire.wire.dialect, client=call.document.dialect)
        answer = await whole_answer(upstream, _request(route, wire, call, body), asked)
        call.upstream_headers = answer.headers
        return counting.parse(answer.document())


def _request(route: Route, wire: ModelWire, call: ChatCall, body: bytes) -> UpstreamRequest:
    same_dialect = call.document.dialect == wire.wire.dialect.name
    query = f"?{call.query}" if call.query and same_dialect else ""
    return UpstreamRequest(
        origin=route.origin,
        target=f"{wire.counting_target}{query}",
        headers=headers_with(route, call.headers, wire.wire.callers, same_dialect=same_dialect),
        body=body,
        limits=route.limits.of(stream=False, timeout_s=call.timeout_s),
        provider=route.provider,
        model=wire.model.model,
    )
