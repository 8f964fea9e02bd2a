"""GET /v1/models and /v1/models/{id}."""

from typing import Final

from quart import Blueprint, Response

from adapters.http.responses import json_response
from application.list_models import ListedModel, ListModels
from domain.json_types import JSON

_CREATED_UNIX_S: Final = 1_677_610_602
"""What litellm's proxy says of every model; clients show it as a date and read nothing in it."""


def models_blueprint(list_models: ListModels) -> Blueprint:
    """The models that can be asked for, in OpenAI's shape. Ids may contain `/`."""
    blueprint = Blueprint("models", __name__)

    @blueprint.get("/v1/models")
    @blueprint.get("/models")
    async def every_model() -> Response:
        return json_response({"object": "list", "data": [_render(model) for model in list_models.run()]})

    @blueprint.get("/v1/models/<path:name>")
    @blueprint.get("/models/<path:name>")
    async def one_model(name: str) -> Response:
        return json_response(_render(list_models.one(name)))

    return blueprint


def _render(model: ListedModel) -> dict[str, JSON]:
    return {"id": model.name, "object": "model", "created": _CREATED_UNIX_S, "owned_by": model.owner}
