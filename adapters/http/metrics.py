"""GET /metrics."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from quart import Blueprint, Response, request

MetricsPage: TypeAlias = Callable[[str], Awaitable[tuple[str, bytes]]]
"""The Accept header → content type and body."""


def metrics_blueprint(scrape: MetricsPage) -> Blueprint:
    """The page that Prometheus scrapes."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    async def metrics() -> Response:
        content_type, body = await scrape(request.headers.get("accept", ""))
        return Response(body, content_type=content_type)

    return blueprint
