"""Embeddings from upstreams over HTTP: passed through where they speak OpenAI's format, translated for Gemini."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.embeddings import gemini, openai
from adapters.dialects.embeddings.document import EmbeddingsDocument
from adapters.providers.apis import Api
from adapters.providers.deployment_spec import TlsKey
from adapters.providers.fitting import fitted
from adapters.providers.merging import merged
from adapters.providers.route import ModelRoute, Route
from adapters.providers.whole_answer import Asked, whole_answer
from adapters.upstream.port import UpstreamHttp, UpstreamRequest
from application.embedding_call import EmbeddingCall
from application.ports.embedder import RelayedEmbeddings
from domain.embeddings import EmbeddingResponse
from domain.errors import UnsupportedFeature
from domain.json_types import JSON
from domain.routing.fleet import Deployment

_GEMINI: Final = "gemini"
_CLIENT: Final = "openai_chat"
"""Clients ask in OpenAI's format, whose rate limits they understand."""


class HttpEmbedder:
    """Embeds through deployments that have a route.

    upstreams: `ssl_verify` as a route has it → the client that checks certificates so.
    routes:    deployment id → route.
    """

    def __init__(self, upstreams: Mapping[TlsKey, UpstreamHttp], routes: Mapping[str, Route]) -> None:
        self._routes = {identity: (route, upstreams[route.tls]) for identity, route in routes.items()}

    async def embed(self, deployment: Deployment, call: EmbeddingCall) -> EmbeddingResponse | RelayedEmbeddings:
        """The vectors, as `Embedder.embed` promises them. Sets the call's `upstream_headers`."""
        route, upstream = self._routes[deployment.id]
        model = route.models.of(deployment.model)
        target = model.apis.get(Api.EMBEDDINGS)
        if target is None:
            raise _without_embeddings(deployment)
        dialect = model.bridge.wire.dialect
        translated = dialect.name == _GEMINI
        body = _translated(route, model, deployment, call) if translated else _passed_through(route, model, call)
        request = UpstreamRequest(
            origin=route.origin,
            target=target,
            headers=route.headers,
            body=body,
            limits=route.limits.of(stream=False, timeout_s=call.timeout_s),
            provider=route.provider,
            model=model.target.model,
        )
        asked = Asked(deployment=deployment, route=route, dialect=dialect, client=_CLIENT)
        answer = await whole_answer(upstream, request, asked)
        call.upstream_headers = answer.headers
        if translated:
            return gemini.parse_response(answer.document(), call.document.canonical(), model.target.model)
        relayed, usage = openai.relay_answer(answer.body, call.model)
        return RelayedEmbeddings(body=relayed, usage=usage)


def _passed_through(route: Route, model: ModelRoute, call: EmbeddingCall) -> bytes:
    """The caller's body with its top-level members fitted, and nothing else."""
    document = call.document
    if not isinstance(document, EmbeddingsDocument):
        raise TypeError(f"expected a document of the route for embeddings, got {type(document).__name__}")
    envelope = fitted(document.envelope, route)
    for name, own_name in model.bridge.wire.renames.items():
        envelope = envelope.renamed(name, own_name)
    members: dict[str, JSON] = {"model": model.target.model}
    for name, value in route.extra_body.items():
        there = envelope.value(name)
        members[name] = merged(there, value) if isinstance(value, dict) and isinstance(there, dict) else value
    return envelope.with_members(members).encode()


def _translated(route: Route, model: ModelRoute, deployment: Deployment, call: EmbeddingCall) -> bytes:
    """The request in Gemini's format. Raises UnsupportedFeature where it cannot be told."""
    document = call.document
    if isinstance(document, EmbeddingsDocument):
        document = document.with_envelope(fitted(document.envelope, route))
    rendered = gemini.render_request(document.canonical(), model.target.model)
    call.accept(rendered.losses, deployment)
    return json_codec.encode(merged(rendered.body, route.extra_body))


def _without_embeddings(deployment: Deployment) -> UnsupportedFeature:
    return UnsupportedFeature(
        f"expected a model that embeds; {deployment.provider} has no embeddings. Ask for a model of a provider "
        "that has, such as openai/text-embedding-3-small or gemini/gemini-embedding-001.",
        param="model",
        provider=deployment.provider,
        model=deployment.model,
    )
