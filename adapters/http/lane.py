"""The ASGI door to the data plane, behind Quart's own extension point `Quart.asgi_http_class`."""

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart.asgi import ASGIHTTPConnection

from adapters.http.asgi_exchange import AsgiExchange
from adapters.http.data_plane import DataPlane
from adapters.http.request_body import BODY_IDLE_S
from adapters.http.task_runner import TaskRunner


def lane_to(plane: DataPlane, tasks: TaskRunner, *, body_idle_s: float = BODY_IDLE_S) -> type[ASGIHTTPConnection]:
    """A connection class that takes `plane`'s paths past Quart, and leaves everything else to Quart.

    body_idle_s: how long a client may be silent in the middle of a request's body.
    """

    class Lane(ASGIHTTPConnection):
        async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            scope = self.scope
            path = scope["path"]
            root = scope.get("root_path", "")
            found = plane.find(path.removeprefix(root) if root else path)
            if found is None:
                await super().__call__(receive, send)
                return
            exchange = AsgiExchange(scope, receive, send, tasks=tasks, body_idle_s=body_idle_s)
            try:
                await plane.serve(exchange, *found)
            finally:
                exchange.stop_watching()

    return Lane
