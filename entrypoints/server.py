"""Serving the application: uvicorn for plain HTTP/1.1, Hypercorn where TLS or HTTP/2 is asked for."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from adapters.http.data_plane import DataPlane

DRAIN_MARGIN_S: Final = 5.0
"""How long after the drain timeout a server may still hold connections before it drops them."""

LAST_WORDS_S: Final = 3.0
"""How long connections may last after a second signal: answers in flight end with an error, which takes time."""

IDLE_S: Final = 3.0
"""How long a server that retires leaves idle connections open: a client may be about to use one."""

KEEP_ALIVE_S: Final = 75
MAX_HEAD_BYTES: Final = 65_536

_LOOP: Final = ("uvloop",) if sys.platform != "win32" and sys.implementation.name == "cpython" else ()
_FOR_UVICORN: Final = ("adapters.http.wire", "entrypoints.uvicorn_server", "uvicorn.lifespan.on")
_FOR_HYPERCORN: Final = ("entrypoints.hypercorn_server", "hypercorn.asyncio.run")

_T = TypeVar("_T")

Application: TypeAlias = Any
"""An ASGI application; each server brings its own type for it."""


class Controls(Protocol):
    """What can be asked of a running server."""

    def stop(self) -> None:
        """Take no more connections, and end when what is in flight has, or was ended by the drain."""
        ...

    def hurry(self) -> None:
        """End at once; what is in flight may say a last word."""
        ...

    def retire(self) -> None:
        """Take no more connections, and end when those that there are have ended by themselves."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How to serve.

    on_listening:     called once connections are accepted.
    on_stop:          called at the first signal to stop.
    on_hurry:         called at each further one.
    retire_timeout_s: how long connections may go on once the server retires.
    supervised:       a supervisor steers the server: SIGTERM stops it and nothing hurries it; SIGINT, which
                      terminals send to all processes alike, is the supervisor's.
    """

    listener: socket.socket
    drain_timeout_s: float
    on_listening: Callable[[Controls], None]
    on_stop: Callable[[], None]
    on_hurry: Callable[[], None]
    retire_timeout_s: float
    supervised: bool = False
    http2: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None


def serve_uvicorn(app: Application, plane: "DataPlane", settings: ServerSettings) -> None:
    """Serve until a signal, the paths of `plane` past `app`; returns when the last answer left."""
    import uvicorn

    from adapters.http.wire import wire_to
    from entrypoints.uvicorn_server import DrainingServer, dismissable

    protocol = wire_to(plane)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        http=dismissable(protocol) if settings.supervised else protocol,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.drain_timeout_s + DRAIN_MARGIN_S),
    )
    run(DrainingServer(config, settings).serve(sockets=[settings.listener]))


def serve_hypercorn(app: Application, settings: ServerSettings) -> None:
    """Serve until a signal; returns when the last answer left."""
    from hypercorn.config import Config

    from entrypoints.hypercorn_server import HypercornServer
    from entrypoints.listening import BACKLOG

    config = Config()
    config.bind = [f"fd://{settings.listener.detach()}"]
    config.backlog = BACKLOG
    config.alpn_protocols = ["h2", "http/1.1"] if settings.http2 else ["http/1.1"]
    config.certfile = None if settings.tls_cert is None else str(settings.tls_cert)
    config.keyfile = None if settings.tls_key is None else str(settings.tls_key)
    config.graceful_timeout = settings.drain_timeout_s + DRAIN_MARGIN_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.keep_alive_max_requests = sys.maxsize  # Hypercorn ends HTTP/2 connections with the answer under way
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = None
    run(HypercornServer(config, settings).serve(app))


def import_server(*, hypercorn: bool) -> None:
    """Import what serving will need, for processes forked from this one to share."""
    for module in (*_FOR_HYPERCORN, *_LOOP) if hypercorn else (*_FOR_UVICORN, *_LOOP):
        import_module(module)


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """What `main` returns, run on the fastest event loop this platform has."""
    if not _LOOP:
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)


def on_signals(callback: Callable[[], object], *, supervised: bool) -> None:
    """Have the running loop call `callback` at each signal to stop."""
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM,) if supervised else (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(stop, callback)
        except NotImplementedError:  # Windows
            signal.signal(stop, lambda *_: loop.call_soon_threadsafe(callback))
