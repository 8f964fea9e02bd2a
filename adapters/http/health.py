"""Health, local and cheap: no route here asks an upstream, and none needs a key."""

from quart import Blueprint, Response

from adapters.http.drain import Drain
from adapters.http.json_response import json_response
from domain.routing.fleet import Fleet


def health_blueprint(fleet: Fleet, drain: Drain, *, version: str) -> Blueprint:
    """What balancers and people ask: is it alive, may it get traffic, how many models are configured."""
    blueprint = Blueprint("health", __name__)
    ready = sum(any(d.unready is None for d in members) for members in fleet.groups.values())
    models = {"ready": ready, "not_configured": len(fleet.groups) - ready}

    @blueprint.get("/health")
    async def health() -> Response:
        return json_response({"status": "ok", "service": "feathergate", "version": version, "models": models})

    @blueprint.get("/health/liveliness")
    @blueprint.get("/health/liveness")
    async def liveness() -> Response:
        return _shutting_down() if drain.draining else json_response("I'm alive!")

    @blueprint.get("/health/readiness")
    async def readiness() -> Response:
        if drain.draining:
            return _shutting_down()
        return json_response({"status": "healthy", "db": "Not connected", "feathergate_version": version})

    return blueprint


def _shutting_down() -> Response:
    return json_response({"status": "shutting_down"}, 503)
