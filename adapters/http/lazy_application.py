"""An ASGI application that is built when somebody asks it something."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application; each server and framework brings its own types for what it is called with."""


class LazyApplication:
    """Answers the server's lifespan itself, and everything else by the application that `build` gives.

    It is built, once, in a thread: its imports take longer than answers in flight should wait. `on_stop` is
    awaited when the server has stopped.
    """

    def __init__(self, build: Callable[[], Application], on_stop: Callable[[], Awaitable[None]]) -> None:
        self._build = build
        self._on_stop = on_stop
        self._building = asyncio.Lock()
        self._application: Application | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As ASGI 3.0 has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            application = self._application or await self._built()
            await application(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            match (await receive())["type"]:
                case "lifespan.startup":
                    await send({"type": "lifespan.startup.complete"})
                case _:
                    await self._on_stop()
                    await send({"type": "lifespan.shutdown.complete"})
                    return

    async def _built(self) -> Application:
        async with self._building:
            if self._application is None:
                self._application = await asyncio.to_thread(self._build)
            return self._application
