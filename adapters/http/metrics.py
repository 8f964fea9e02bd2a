"""GET /metrics."""

from collections.abc import Callable
from typing import TypeAlias

from quart import Blueprint, Response, request

MetricsPage: TypeAlias = Callable[[str], tuple[str, bytes]]
"""The Accept header → content type and body."""


def metrics_blueprint(render: MetricsPage) -> Blueprint:
    """The page that Prometheus scrapes."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    async def metrics() -> Response:
        content_type, body = render(request.headers.get("accept", ""))
        return Response(body, content_type=content_type)

    return blueprint
