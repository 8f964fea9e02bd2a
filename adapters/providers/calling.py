"""What calls to an upstream share: the caller's headers, limits, statuses, and errors that tell their place."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import UpstreamDialect
from adapters.providers.credentials import Headers
from adapters.providers.route import Route
from adapters.upstream.port import UpstreamResponse
from domain.errors import FeatherGateError, MalformedResponse
from domain.routing.fleet import Deployment
from domain.secret import MASK

REQUEST_ID_HEADERS: Final = ("x-request-id", "request-id", "apim-request-id")
_RATE_LIMITS: Final = MappingProxyType(
    {
        "openai_chat": "x-ratelimit-",
        "openai_responses": "x-ratelimit-",
        "anthropic_messages": "anthropic-ratelimit-",
    }
)
"""Dialect → how the headers begin in which its vendor tells of rate limits."""
_BETA: Final = "-beta"
_VERSION: Final = "-version"


def headers_with(route: Route, callers: Mapping[str, str], prefix: str, *, same_dialect: bool) -> Headers:
    """The route's headers, and those of the caller (lower-case names) that begin with `prefix`.

    A caller of the upstream's own dialect chooses the version that the body is written in, and its betas join
    the operator's; from others only betas travel, where the operator names none.
    """
    theirs = {name: value for name, value in callers.items() if name.startswith(prefix)}
    if not theirs:
        return route.headers
    headers = dict(route.headers)
    for name, value in theirs.items():
        if not same_dialect:
            if name.endswith(_BETA):
                headers.setdefault(name, value)
        elif name.endswith(_BETA):
            headers[name] = _joined(headers.get(name, ""), value)
        elif name.endswith(_VERSION):
            headers[name] = value
        else:
            headers.setdefault(name, value)
    return tuple(headers.items())


def _joined(*lists: str) -> str:
    """Comma-separated words of all lists, each once."""
    words = (word.strip() for words in lists for word in words.split(","))
    return ",".join(dict.fromkeys(word for word in words if word))


async def check_status(response: UpstreamResponse, dialect: UpstreamDialect) -> None:
    """Raise what a status that is no success means."""
    if response.status >= 400:
        raise dialect.parse_error(response.status, response.headers, await response.read())
    if not 200 <= response.status < 300:
        raise MalformedResponse(f"expected an answer from the upstream; got HTTP {response.status}")


def label(
    error: FeatherGateError, deployment: Deployment, route: Route, response: UpstreamResponse | None
) -> None:
    """Let `error` tell where it happened, and not by which key: upstreams quote those they refuse."""
    for secret in route.secrets:
        error.message = error.message.replace(secret, MASK)
    error.provider = error.provider or deployment.provider
    error.model = error.model or deployment.model
    if error.request_id is None and response is not None:
        error.request_id = _request_id(response.headers)


def shown_headers(headers: Mapping[str, str], *, client: str, upstream: str) -> dict[str, str]:
    """What the client may see: the upstream's id of the request, and rate limits in the words of its own vendor.

    `client` and `upstream` are the names of their dialects.
    """
    limits = _RATE_LIMITS.get(upstream, "")
    shows_limits = bool(limits) and limits == _RATE_LIMITS.get(client)
    return {
        name: value
        for name, value in headers.items()
        if name in REQUEST_ID_HEADERS or (shows_limits and name.startswith(limits))
    }


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None)
