"""GET, DELETE and POST below /v1/responses/{id}: what an upstream keeps, forwarded."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final
from urllib.parse import parse_qsl, urlencode

from quart import Blueprint, Response, request

from adapters.dialects.contract import ClientDialect
from adapters.http.control_plane import lower
from application.ports.response_store import StoredAnswer, StoredCall
from application.stored_responses import StoredResponses
from domain.errors import UpstreamError

_PREFIXES: Final = ("/v1/responses", "/responses", "/openai/v1/responses")
_BELOW: Final = (("", ("GET", "DELETE")), ("/input_items", ("GET",)), ("/cancel", ("POST",)))
"""What may follow the id of a response, and the methods that it takes."""
_GROUP_HEADER: Final = "x-feathergate-model"
_GROUP_PARAMETER: Final = "model"
_OURS: Final = frozenset({_GROUP_PARAMETER, "key", "api-version"})
"""Query parameters that are for the gateway; the upstream's address has an API version of its own."""
_FORWARDED: Final = ("openai-beta",)
_EVENTS: Final = "text/event-stream"

_LOG = logging.getLogger(__name__)


def stored_responses_blueprint(stored: StoredResponses, dialect: ClientDialect) -> Blueprint:
    """The routes about responses that are kept; `dialect` words the failure of a stream that has begun."""
    blueprint = Blueprint("stored_responses", __name__)

    def view(below: str) -> Callable[[str], Awaitable[Response]]:
        async def forward(response_id: str) -> Response:
            answer = await stored.run(await _call(f"{response_id}{below}"))
            return await _forwarded(answer, dialect)

        return forward

    for below, methods in _BELOW:
        forward, endpoint = view(below), below.removeprefix("/") or "response"
        for prefix in _PREFIXES:
            blueprint.add_url_rule(f"{prefix}/<response_id>{below}", endpoint, forward, methods=methods)
    return blueprint


async def _call(suffix: str) -> StoredCall:
    headers = lower(request.headers)
    query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    return StoredCall(
        method="GET" if request.method == "HEAD" else request.method,
        suffix=suffix,
        query=urlencode([(name, value) for name, value in query if name not in _OURS]),
        body=await request.data,
        group=headers.get(_GROUP_HEADER) or request.args.get(_GROUP_PARAMETER) or None,
        headers={name: headers[name] for name in _FORWARDED if name in headers},
    )


async def _forwarded(answer: StoredAnswer, dialect: ClientDialect) -> Response:
    headers = dict(answer.headers)
    if headers.get("content-type", "").startswith(_EVENTS):
        headers |= {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return Response(_events(answer, dialect), answer.status, headers)
    async with aclosing(answer):
        body = b"".join([chunk async for chunk in answer.chunks()])
    return Response(body, answer.status, headers)


async def _events(answer: StoredAnswer, dialect: ClientDialect) -> AsyncGenerator[bytes, None]:
    """The stream as it comes; where it breaks, its last event is the failure, after what may be half an event."""
    async with aclosing(answer), aclosing(answer.chunks()) as chunks:
        try:
            async for chunk in chunks:
                yield chunk
        except UpstreamError as error:
            _LOG.warning("a stored response broke off: %s", error.label)
            yield b"\n\n" + dialect.encode_error(error)
