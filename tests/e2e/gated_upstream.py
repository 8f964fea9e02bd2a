"""An upstream that answers as many requests as it is let, and knows what it was asked."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 20.0
REFUSED = "refuse me"


class GatedUpstream:
    """`asked` counts the prompts that came; `most_at_once` is the most that waited for an answer at a time."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.most_at_once = 0
        self._waiting = 0
        self._answers = 0.0
        self._news = threading.Condition()
        self.base = ""

    @property
    def waiting(self) -> int:
        return self._waiting

    def let(self, answers: float) -> None:
        """Allow so many answers more; infinity opens the gate for good."""
        with self._news:
            self._answers += answers
            self._news.notify_all()

    def wait_for(self, asked: int) -> None:
        """Until so many requests came, and all that may be answered are."""
        with self._news:
            assert self._news.wait_for(
                lambda: self.asked.total() >= asked and not (self._waiting and self._answers), PATIENCE_S
            ), (self.asked.total(), self._waiting, self._answers)

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The answer to a chat request, once it may be given."""
        prompt = body["messages"][-1]["content"]
        with self._news:
            self.asked[prompt] += 1
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
            self._news.notify_all()
            self._news.wait_for(lambda: self._answers > 0, PATIENCE_S)
            self._answers -= 1
            self._waiting -= 1
            self._news.notify_all()
        if prompt.startswith(REFUSED):
            return 400, {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
        message = {"role": "assistant", "content": f"re: {prompt}"}
        return 200, {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }


@contextmanager
def gated_upstream() -> Iterator[GatedUpstream]:
    """An upstream whose gate is closed, listening until the block ends."""
    upstream = GatedUpstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, answer = upstream.answer(body)
            payload = json.dumps(answer).encode()
            with suppress(OSError):  # who asked may have been killed
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

        def log_message(self, *words: object) -> None: ...  # the server's own log, which nobody reads

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    upstream.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield upstream
    finally:
        upstream.let(float("inf"))
        server.shutdown()
        server.server_close()
        thread.join(10)
