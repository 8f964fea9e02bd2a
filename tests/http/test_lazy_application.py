"""The application behind the data plane: built once, when somebody asks, and ended with the server."""

import asyncio
from typing import Any

from adapters.http.lazy_application import LazyApplication


class Asked:
    """An application that takes note of what it was asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])


class Recorder:
    def __init__(self) -> None:
        self.built: list[Asked] = []
        self.steps: list[str] = []

    def build(self) -> Asked:
        self.built.append(Asked())
        return self.built[-1]

    async def stop(self) -> None:
        self.steps.append("stopped")


async def test_it_is_built_once_however_many_ask_at_once() -> None:
    recorder = Recorder()
    application = LazyApplication(recorder.build, recorder.stop)
    assert recorder.built == []
    paths = [f"/{number}" for number in range(5)]
    await asyncio.gather(*(application({"type": "http", "path": path}, None, None) for path in paths))
    (asked,) = recorder.built
    assert sorted(asked.paths) == paths


async def test_the_server_s_life_needs_no_application() -> None:
    recorder = Recorder()
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(messages)}

    async def send(message: dict[str, str]) -> None:
        recorder.steps.append(message["type"])

    await LazyApplication(recorder.build, recorder.stop)({"type": "lifespan"}, receive, send)
    assert recorder.steps == ["lifespan.startup.complete", "stopped", "lifespan.shutdown.complete"]
    assert recorder.built == []
