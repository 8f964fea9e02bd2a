"""Exchange without a server: a request from this process, and its answer kept in memory."""

from collections.abc import Callable, Mapping

from adapters.http.content_coding import too_large
from adapters.http.exchange import HeaderBlock


class MemoryExchange:
    """One POST of `body`, and its answer.

    status: of the answer; 0 before there is one. `headers` are shared by the exchanges of one asker.
    """

    __slots__ = (
        "_body",
        "_written",
        "answered",
        "client_host",
        "finished",
        "headers",
        "method",
        "path",
        "query",
        "status",
    )

    def __init__(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = "POST"
        self.path = path
        self.query = b""
        self.headers = headers
        self.client_host: str | None = None
        self.answered = self.finished = False
        self.status = 0
        self._body = body
        self._written: list[bytes] = []

    @property
    def answer(self) -> bytes:
        """The body of the answer, as far as it was written."""
        written = self._written
        return written[0] if len(written) == 1 else b"".join(written)

    async def read_body(self, max_bytes: int) -> bytes:
        if len(self._body) > max_bytes:
            raise too_large(max_bytes)
        return self._body

    async def start(self, status: int, headers: HeaderBlock) -> None:
        del headers  # they say nothing that the call's record does not
        self.answered = True
        self.status = status

    async def write(self, data: bytes) -> None:
        self._written.append(data)

    def write_at_once(self, data: bytes) -> bool:
        self._written.append(data)
        return True

    async def finish(self, data: bytes = b"") -> None:
        if data:
            self._written.append(data)
        self.finished = True

    def abort(self) -> None:
        """Leave the answer unfinished."""

    def on_broken(self, callback: Callable[[Exception], None]) -> None:
        """Nothing breaks within a process: who does not want the answer any more cancels the task."""
