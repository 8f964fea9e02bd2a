"""The one ASGI application: the data plane's lane, and the control plane's blueprints behind it."""

from collections.abc import Iterable

from quart import Blueprint, Quart
from quart.asgi import ASGIHTTPConnection

from adapters.http.control_plane import ControlPlane


def create_app(
    lane: type[ASGIHTTPConnection],
    control: ControlPlane,
    *,
    blueprints: Iterable[Blueprint],
    max_body_bytes: int,
) -> Quart:
    """A Quart application that answers the data plane by `lane` and everything else by `blueprints`."""
    app = Quart("feathergate", root_path="/", static_folder=None)
    app.asgi_http_class = lane
    app.config.update(RESPONSE_TIMEOUT=None, MAX_CONTENT_LENGTH=max_body_bytes)
    app.url_map.merge_slashes = False  # model ids are told apart to the letter, and nobody is redirected
    app.url_map.strict_slashes = False
    control.guard(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app
