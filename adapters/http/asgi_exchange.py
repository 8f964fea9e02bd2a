"""Exchange over an ASGI server."""

import asyncio
from collections.abc import Callable
from typing import Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from adapters.http.content_coding import too_large
from adapters.http.exchange import ClientGone, HeaderBlock
from adapters.http.request_body import BODY_IDLE_S, check_declared_length, silent, without_coding
from adapters.http.task_runner import TaskRunner

WATCH_AFTER_S: Final = 0.1
"""When the watch for the client's leaving begins, unless a stream begins before; quick answers need no watcher."""


class AsgiExchange:
    """One ASGI request and its answer.

    `receive` is read by one reader at a time: first by `read_body`, then by the watcher.
    """

    __slots__ = (
        "_body_idle_s",
        "_broken",
        "_heard_s",
        "_is_late",
        "_is_whole",
        "_receive",
        "_scope",
        "_send",
        "_tasks",
        "_timer",
        "_watcher",
        "answered",
        "finished",
        "headers",
        "method",
        "path",
        "query",
    )

    def __init__(
        self,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
        *,
        tasks: TaskRunner,
        body_idle_s: float = BODY_IDLE_S,
    ) -> None:
        self.method = scope["method"]
        self.path = scope["path"]
        self.query = scope["query_string"]
        self.answered = self.finished = False
        self._scope, self._receive, self._send = scope, receive, send
        self._tasks, self._body_idle_s = tasks, body_idle_s
        self.headers = _decoded(scope)
        self._broken: Callable[[Exception], None] | None = None
        self._heard_s: float | None = None
        self._is_late = self._is_whole = False
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def client_host(self) -> str | None:
        """The peer's address."""
        client = self._scope.get("client")
        return client[0] if client else None

    async def read_body(self, max_bytes: int) -> bytes:
        check_declared_length(self.headers, max_bytes)
        self._heard_s = self._tasks.loop.time()
        self._time(min(WATCH_AFTER_S, self._body_idle_s))
        body = await self._received(max_bytes)
        self._heard_s = None
        if self._is_late:
            self._time(WATCH_AFTER_S)
        return without_coding(body, self.headers, max_bytes)

    async def start(self, status: int, headers: HeaderBlock) -> None:
        self.answered = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})

    async def write(self, data: bytes) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._watch()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    def write_at_once(self, data: bytes) -> bool:
        del data
        return False  # ASGI does not tell whether `send` would wait

    async def finish(self, data: bytes = b"") -> None:
        self.stop_watching()  # servers report the end of the answer as the client's leaving, too
        if not self._is_whole:  # Hypercorn would wait for ever for somebody to take what it has of the body
            self._watcher = self._tasks.run(self._tell_when_gone())
        await self._send({"type": "http.response.body", "body": data, "more_body": False})
        self.finished = True

    def abort(self) -> None:
        """Leave the answer as it is; servers close the connection of one that is left incomplete."""
        self.stop_watching()

    def on_broken(self, callback: Callable[[Exception], None]) -> None:
        self._broken = callback

    def stop_watching(self) -> None:
        """Let go of the server's `receive`; nothing is called back any more."""
        self._broken = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    async def _received(self, max_bytes: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > max_bytes:
                raise too_large(max_bytes)
            if not message.get("more_body"):
                self._is_whole = True
                return b"".join((*chunks, chunk)) if chunks else chunk
            chunks.append(chunk)
            self._heard_s = self._tasks.loop.time()

    def _time(self, after_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._tasks.loop.call_later(after_s, self._look)

    def _look(self) -> None:
        """The request was not answered quickly: time a body that still comes, else watch for the client's leaving.

        One timer does both, so that an ordinary request sets only one.
        """
        self._is_late, self._timer = True, None
        if self._heard_s is None:
            self._watch()
            return
        left_s = self._heard_s + self._body_idle_s - self._tasks.loop.time()
        if left_s > 0:
            self._time(left_s)
        else:
            self._break(silent(self._body_idle_s))

    def _watch(self) -> None:
        self._timer = None
        self._watcher = self._tasks.run(self._tell_when_gone())

    def _break(self, reason: Exception) -> None:
        callback, self._broken = self._broken, None
        if callback is not None:
            callback(reason)

    async def _tell_when_gone(self) -> None:
        while (await self._receive())["type"] == "http.request":
            pass
        self._break(ClientGone())


def _decoded(scope: HTTPScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").rstrip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
