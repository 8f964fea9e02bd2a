"""The ASGI door to the data plane, behind Quart's own extension point `Quart.asgi_http_class`."""

from typing import Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from quart import Quart
from quart.asgi import ASGIHTTPConnection

from adapters.http.asgi_exchange import AsgiExchange
from adapters.http.data_plane import DataPlane
from adapters.http.request_body import BODY_IDLE_S
from adapters.http.task_runner import TaskRunner

_TWO_FRAMINGS: Final = frozenset({b"content-length", b"transfer-encoding"})
_LAST_AND_EMPTY: Final = ((b"content-length", b"0"), (b"connection", b"close"))


def lane_to(plane: DataPlane, tasks: TaskRunner, *, body_idle_s: float = BODY_IDLE_S) -> type[ASGIHTTPConnection]:
    """A connection class that takes `plane`'s paths past Quart, and leaves everything else to Quart.

    body_idle_s: how long a client may be silent in the middle of a request's body.
    """

    class Lane(ASGIHTTPConnection):
        def __init__(self, app: Quart, scope: HTTPScope) -> None:
            super().__init__(app, _in_origin_form(scope))

        async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            scope = self.scope
            path = scope["path"]
            root = scope.get("root_path", "")
            found = plane.find(path.removeprefix(root) if root else path)
            framed_twice = _is_framed_twice(scope)
            if found is None and not framed_twice:
                await super().__call__(receive, send)
                return
            exchange = AsgiExchange(scope, receive, send, tasks=tasks, body_idle_s=body_idle_s)
            try:
                if framed_twice:
                    await exchange.start(400, _LAST_AND_EMPTY)
                    await exchange.finish()
                elif found is not None:
                    await plane.serve(exchange, *found)
            finally:
                exchange.stop_watching()

    return Lane


def _in_origin_form(scope: HTTPScope) -> HTTPScope:
    """The path alone where the target is a whole URL, which servers have to take (RFC 9112, 3.2.2)."""
    path = scope["path"]
    if path.startswith("/") or "://" not in path:
        return scope
    path, raw_path = _path_of(path), _path_of(scope["raw_path"].decode("latin-1")).encode("latin-1")
    return {**scope, "path": path, "raw_path": raw_path}


def _path_of(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _is_framed_twice(scope: HTTPScope) -> bool:
    """Whether length and chunks both claim to frame the body, as where a request is smuggled in.

    h11 lets such requests pass and keeps their connections, which RFC 9112 (6.1) has servers close.
    """
    return {name for name, _ in scope["headers"]} >= _TWO_FRAMINGS
