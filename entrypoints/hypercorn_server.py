"""Hypercorn's server, whose signals begin the drain."""

import asyncio
import contextlib
from typing import Any, Final

import hypercorn.asyncio
from hypercorn.config import Config

from entrypoints.hypercorn_connection import closing_connections
from entrypoints.server import DRAIN_MARGIN_S, IDLE_S, LAST_WORDS_S, ServerSettings, on_signals

_CLOSE: Final = (b"connection", b"close")


class HypercornServer:
    """Controls of a server in Hypercorn's words; the first signal begins the drain, a second one hurries it.

    Hypercorn closes idle connections when it stops. One that retires asks clients for a while to go elsewhere, in
    the answers to what they send, before it does so.
    """

    def __init__(self, config: Config, settings: ServerSettings) -> None:
        self._config = config
        self._settings = settings
        self._stopped = asyncio.Event()
        self._draining = False
        self._retires = False

    async def serve(self, app: Any) -> None:
        """Serve until told to stop; returns when the last answer left."""
        self._loop, self._patience = asyncio.get_running_loop(), asyncio.timeout(None)
        on_signals(self._signalled, supervised=self._settings.supervised)
        self._loop.call_soon(self._settings.on_listening, self)
        served = self._dismissing(app) if self._settings.supervised else app
        # Where connections outlast its graceful timeout, Hypercorn raises the cancellation of their tasks.
        with contextlib.suppress(TimeoutError, asyncio.CancelledError), closing_connections():
            async with self._patience:
                await hypercorn.asyncio.serve(served, self._config, shutdown_trigger=self._shutdown)

    def stop(self) -> None:
        if self._draining:
            return
        self._draining = True
        self._settings.on_stop()
        if self._stopped.is_set():  # it retires, with a patience that is over now
            self._patience.reschedule(self._loop.time() + self._settings.drain_timeout_s + DRAIN_MARGIN_S)
        self._stopped.set()

    def hurry(self) -> None:
        self.stop()
        self._settings.on_hurry()
        self._patience.reschedule(self._loop.time() + LAST_WORDS_S)

    def retire(self) -> None:
        if not self._retires:
            self._retires = True
            self._loop.call_later(IDLE_S, self._stop_for_good)

    def _stop_for_good(self) -> None:
        if not self._draining:
            self._config.graceful_timeout = self._settings.retire_timeout_s
            self._stopped.set()

    def _dismissing(self, app: Any) -> Any:
        """`app`, whose answers end their HTTP/1.1 connections once the server retires."""

        async def dismissing(scope: Any, receive: Any, send: Any) -> None:
            async def closing(event: Any) -> None:
                if self._retires and event["type"] == "http.response.start":
                    event = {**event, "headers": (*event["headers"], _CLOSE)}
                await send(event)

            keeps = scope["type"] != "http" or scope["http_version"] not in {"1.0", "1.1"}
            await app(scope, receive, send if keeps else closing)

        return dismissing

    def _signalled(self) -> None:
        if not self._draining:
            self.stop()
        elif not self._settings.supervised:
            self.hurry()

    async def _shutdown(self) -> None:
        await self._stopped.wait()
