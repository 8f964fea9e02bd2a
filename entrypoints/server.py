"""Serving the application: uvicorn for plain HTTP/1.1, Hypercorn where TLS or HTTP/2 is asked for."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from adapters.http.data_plane import DataPlane

DRAIN_MARGIN_S: Final = 5.0
"""How long after the drain timeout a server may still hold connections before it drops them."""

LAST_WORDS_S: Final = 3.0
"""How long connections may last after a second signal: answers in flight end with an error, which takes time."""

KEEP_ALIVE_S: Final = 75
MAX_HEAD_BYTES: Final = 65_536

Application: TypeAlias = Any
"""An ASGI application; each server brings its own type for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How to serve.

    on_listening: called once connections are accepted.
    on_stop:      called at the first signal to stop.
    on_hurry:     called at each further one.
    """

    listener: socket.socket
    drain_timeout_s: float
    on_listening: Callable[[], None]
    on_stop: Callable[[], None]
    on_hurry: Callable[[], None]
    http2: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None


def serve_uvicorn(app: Application, plane: "DataPlane", settings: ServerSettings) -> None:
    """Serve until a signal, the paths of `plane` past `app`; returns when the last answer left."""
    import uvicorn

    from adapters.http.wire import wire_to
    from entrypoints.uvicorn_server import DrainingServer

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        http=wire_to(plane),
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.drain_timeout_s + DRAIN_MARGIN_S),
    )
    run(DrainingServer(config, settings).serve(sockets=[settings.listener]))


def serve_hypercorn(app: Application, settings: ServerSettings) -> None:
    """Serve until a signal; returns when the last answer left."""
    import hypercorn.asyncio
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{settings.listener.detach()}"]
    config.alpn_protocols = ["h2", "http/1.1"] if settings.http2 else ["http/1.1"]
    config.certfile = None if settings.tls_cert is None else str(settings.tls_cert)
    config.keyfile = None if settings.tls_key is None else str(settings.tls_key)
    config.graceful_timeout = settings.drain_timeout_s + DRAIN_MARGIN_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = None

    async def serve() -> None:
        stopped, patience, loop = asyncio.Event(), asyncio.timeout(None), asyncio.get_running_loop()

        def stop() -> None:
            if not stopped.is_set():
                stopped.set()
                settings.on_stop()
                return
            settings.on_hurry()
            patience.reschedule(loop.time() + LAST_WORDS_S)

        _on_signals(stop)
        loop.call_soon(settings.on_listening)

        async def shutdown() -> None:
            await stopped.wait()

        # Where connections outlast its graceful timeout, Hypercorn raises the cancellation of their tasks.
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            async with patience:
                await hypercorn.asyncio.serve(app, config, shutdown_trigger=shutdown)

    run(serve())


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` on the fastest event loop this platform has."""
    if sys.platform == "win32" or sys.implementation.name != "cpython":
        asyncio.run(main)
        return
    import uvloop

    uvloop.run(main)


def _on_signals(callback: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(stop, callback)
        except NotImplementedError:  # Windows
            signal.signal(stop, lambda *_: loop.call_soon_threadsafe(callback))
