"""One question to an upstream and its whole answer, for the APIs that do not stream."""

from dataclasses import dataclass

from adapters.dialects import json_codec
from adapters.dialects.contract import UpstreamDialect
from adapters.dialects.upstream_errors import excerpt
from adapters.providers.calling import check_status, label, shown_headers
from adapters.providers.route import Route
from adapters.upstream.port import UpstreamHttp, UpstreamRequest, UpstreamResponse
from domain.errors import MalformedResponse, UpstreamError
from domain.json_types import JSON
from domain.routing.fleet import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked, and by whom: `dialect` words the upstream's errors, `client` names the client's dialect."""

    deployment: Deployment
    route: Route
    dialect: UpstreamDialect
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeAnswer:
    """A good answer's body, and of its headers what the client may see."""

    body: bytes
    headers: dict[str, str]

    def document(self) -> JSON:
        """The body as plain values. Raises MalformedResponse where it is not JSON."""
        try:
            return json_codec.decode(self.body)
        except ValueError:
            raise MalformedResponse(f"expected JSON from the upstream; got {excerpt(self.body)}") from None


async def whole_answer(upstream: UpstreamHttp, request: UpstreamRequest, asked: Asked) -> WholeAnswer:
    """The answer to `request`. Raises UpstreamErrors that tell where they happened."""
    response: UpstreamResponse | None = None
    try:
        response = await upstream.open(request)
        await check_status(response, asked.dialect)
        shown = shown_headers(response.headers, client=asked.client, upstream=asked.dialect.name)
        return WholeAnswer(body=await response.read(), headers=shown)
    except UpstreamError as error:
        label(error, asked.deployment, asked.route, response)
        raise
    finally:
        if response is not None:
            await response.aclose()
