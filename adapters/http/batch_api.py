"""What the routes about files and batches share: paths, lists, and what they say where nothing is kept."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, ParamSpec, TypeVar

from quart import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from adapters.http.content_coding import inflate, too_large
from application.ports.batch_store import Cursor
from domain.errors import InternalFault, MalformedRequest, NotConfigured

_OPENAI_PREFIXES: Final = ("/v1", "", "/openai/v1", "/openai")
MESSAGES_PREFIXES: Final = ("/v1/messages/batches", "/anthropic/v1/messages/batches")

P = ParamSpec("P")
T = TypeVar("T")

_METHODS: Final = ("GET", "POST", "DELETE")
_INSUFFICIENT_STORAGE: Final = 507
_LOG: Final = logging.getLogger(__name__)


def openai_paths(name: str) -> tuple[str, ...]:
    """Where OpenAI's clients, Azure's and litellm's look for `/files` and `/batches`."""
    return tuple(f"{prefix}/{name}" for prefix in _OPENAI_PREFIXES)


def unconfigured_blueprint() -> Blueprint:
    """The same routes where there is no directory to keep anything in: they say what to set."""
    blueprint = Blueprint("no_batches", __name__)

    async def refuse(below: str = "") -> Response:
        del below
        raise NotConfigured(
            "expected a directory to keep files and batches in; the configuration names none. Set "
            "feathergate.data_dir.",
            code="batches_not_configured",
        )

    for path in (*openai_paths("files"), *openai_paths("batches"), *MESSAGES_PREFIXES):
        blueprint.add_url_rule(path, view_func=refuse, methods=_METHODS)
        blueprint.add_url_rule(f"{path}/<path:below>", view_func=refuse, methods=_METHODS)
    return blueprint


async def read_body() -> bytes:
    """The body of the request, inflated. Raises RequestTooLarge, MalformedRequest."""
    max_bytes = int(current_app.config["MAX_CONTENT_LENGTH"])
    try:
        return inflate(await request.data, request.headers.get("content-encoding", ""), max_bytes=max_bytes)
    except RequestEntityTooLarge:
        raise too_large(max_bytes) from None


async def on_disk(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """What `work` gives, done in another thread. Raises what it raises, but InternalFault for an OSError."""
    try:
        return await asyncio.to_thread(work, *arguments, **options)
    except OSError as failure:
        raise storage_failed(failure) from failure


def storage_failed(failure: OSError) -> InternalFault:
    """What a caller is told of a disk that fails; its operator finds the rest in the log."""
    _LOG.error("feathergate.data_dir: %s", failure)
    return InternalFault(
        "expected files and batches to be kept; the disk refuses. Look at the gateway's log, and for room in "
        "feathergate.data_dir.",
        status=_INSUFFICIENT_STORAGE,
        code="storage_failed",
    )


def read_cursor(*, default: int, most: int) -> Cursor:
    """The part of a list that the request asks for. Raises MalformedRequest."""
    return Cursor(
        limit=read_limit(request.args, default=default, most=most),
        after=request.args.get("after") or None,
        newest_first=_newest_first(request.args.get("order", "desc")),
    )


def read_limit(query: Mapping[str, str], *, default: int, most: int) -> int:
    """The parameter `limit`. Raises MalformedRequest."""
    text = query.get("limit")
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most:
        return int(text[:9])
    raise MalformedRequest(f"limit: expected a number from 1 to {most}", param="limit")


def _newest_first(order: str) -> bool:
    if order not in {"asc", "desc"}:
        raise MalformedRequest("order: expected asc or desc", param="order")
    return order == "desc"
