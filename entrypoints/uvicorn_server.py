"""uvicorn's server, whose signals begin the drain."""

import asyncio
import socket
from types import FrameType

import uvicorn

from entrypoints.server import LAST_WORDS_S, ServerSettings


class DrainingServer(uvicorn.Server):
    """The first signal begins the drain, a second one hurries it; none is raised again at the end."""

    def __init__(self, config: uvicorn.Config, settings: ServerSettings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._settings.on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self._loop.call_soon_threadsafe(self._stop)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn skips the application's own end then
            await self.lifespan.shutdown()

    def _stop(self) -> None:
        if not self.should_exit:
            self.should_exit = True
            self._settings.on_stop()
            return
        self._settings.on_hurry()
        self._loop.call_later(LAST_WORDS_S, self._force)

    def _force(self) -> None:
        self.force_exit = True
