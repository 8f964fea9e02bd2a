"""uvicorn's server, whose signals begin the drain."""

import asyncio
import signal
import socket
from types import FrameType
from typing import Any, ClassVar, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrypoints.server import IDLE_S, LAST_WORDS_S, ServerSettings

_CLOSE: Final = (b"connection", b"close")


class DrainingServer(uvicorn.Server):
    """The first signal begins the drain, a second one hurries it; none is raised again at the end."""

    def __init__(self, config: uvicorn.Config, settings: ServerSettings) -> None:
        super().__init__(config)
        self._settings = settings
        self._retires = False
        self._idle: dict[Any, tuple[object, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._settings.on_listening(self)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del frame
        if not self._settings.supervised:
            self._loop.call_soon_threadsafe(self._signalled)
        elif sig == signal.SIGTERM:
            self._loop.call_soon_threadsafe(self.stop)

    async def on_tick(self, counter: int) -> bool:
        if self._retires and not self.should_exit:
            self._dismiss_idle()
            self.should_exit = not self.server_state.connections
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn skips the application's own end then
            await self.lifespan.shutdown()

    def stop(self) -> None:
        if not self.should_exit:
            self.should_exit = True
            self._settings.on_stop()

    def hurry(self) -> None:
        self.stop()
        self._settings.on_hurry()
        self._loop.call_later(LAST_WORDS_S, self._force)

    def retire(self) -> None:
        """Clients are asked to go elsewhere with the answers to what they still send on their connections.

        Connections are not closed beneath them, as `shutdown` would: a request may be on its way.
        """
        self._retires = True
        for server in self.servers:
            server.close()
        self._settings.listener.close()
        self.config.http_protocol_class.dismisses = True  # type: ignore[attr-defined]  # see `dismissable`

    def _dismiss_idle(self) -> None:
        now_s = self._loop.time()
        idle = {}
        connections: tuple[Any, ...] = tuple(self.server_state.connections)  # all of `config.http_protocol_class`
        for connection in connections:
            cycle = connection.cycle
            if connection.is_in_head or (cycle is not None and not cycle.response_complete):
                continue
            known, since_s = self._idle.get(connection, (cycle, now_s))
            if known is not cycle:
                since_s = now_s
            if now_s - since_s >= IDLE_S:
                connection.shutdown()
            else:
                idle[connection] = cycle, since_s
        self._idle = idle

    def _signalled(self) -> None:
        if self.should_exit:
            self.hurry()
        else:
            self.stop()

    def _force(self) -> None:
        self.force_exit = True


def dismissable(protocol: type[HttpToolsProtocol]) -> type[HttpToolsProtocol]:
    """A kind of `protocol` that, once `dismisses` is set, lets each connection end with the next answer."""

    class Dismissable(protocol):  # type: ignore[valid-type, misc]  # the class is made from what it is given
        dismisses: ClassVar[bool] = False

        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            if self.dismisses and not self.pipeline:
                cycle.keep_alive = False
                if isinstance(scope := getattr(cycle, "scope", None), dict):
                    scope["headers"].append(_CLOSE)  # uvicorn says what it does where the client seems to wish it
            super()._start_asgi_task(cycle, app)

    return Dismissable
