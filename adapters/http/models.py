"""GET /v1/models and /v1/models/{id}, in the format of the client that asks."""

from typing import Final

from quart import Blueprint, Response, request

from adapters.http.client_kind import client_kind
from adapters.http.control_plane import lower
from adapters.http.json_response import json_response
from adapters.http.model_lists import render_models, render_one
from application.list_models import ListModels

_PATHS: Final = ("/v1/models", "/models", "/v1beta/models", "/v1alpha/models", "/anthropic/v1/models")


def models_blueprint(list_models: ListModels) -> Blueprint:
    """The models that can be asked for. Ids may contain `/`."""
    blueprint = Blueprint("models", __name__)

    async def every_model() -> Response:
        kind = client_kind(request.path, lower(request.headers), request.query_string)
        return json_response(render_models(list_models.run(), kind, request.args))

    async def one_model(name: str) -> Response:
        kind = client_kind(request.path, lower(request.headers), request.query_string)
        return json_response(render_one(list_models.one(name), kind))

    for path in _PATHS:
        blueprint.add_url_rule(path, view_func=every_model)
        blueprint.add_url_rule(f"{path}/<path:name>", view_func=one_model)
    return blueprint
