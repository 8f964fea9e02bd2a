"""A scripted upstream behind the outbound port: what it is sent is kept, what it answers is written down."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from adapters.upstream.port import Taker, UpstreamRequest, UpstreamResponse
from domain.errors import UpstreamError


class Hang:
    """A place in a body where nothing comes any more."""


Step = bytes | UpstreamError | Hang


@dataclass
class FakeResponse:
    """An answer: its body as steps; an error among them breaks it there."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    closed: int = 0
    read_to_end: bool = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for step in self.steps:
            if isinstance(step, UpstreamError):
                raise step
            if isinstance(step, Hang):
                await asyncio.Event().wait()
            elif step:
                yield step
        self.read_to_end = True

    def offer_to(self, taker: Taker) -> None:
        """Everything is left to the reader."""

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def aclose(self) -> None:
        self.closed += 1


def stream_of(*steps: Step, content_type: str = "text/event-stream") -> FakeResponse:
    """A streamed answer."""
    return FakeResponse(steps, headers={"content-type": content_type, "x-request-id": "req-up"})


def document(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> FakeResponse:
    """A buffered answer."""
    return FakeResponse(
        (body,),
        status=status,
        headers={"content-type": "application/json", "x-request-id": "req-up", **(headers or {})},
    )


class FakeUpstream:
    """Gives one prepared answer, or fails to."""

    def __init__(self, answer: FakeResponse | UpstreamError | Hang) -> None:
        self._answer = answer
        self.requests: list[UpstreamRequest] = []

    async def open(self, request: UpstreamRequest) -> UpstreamResponse:
        self.requests.append(request)
        if isinstance(self._answer, UpstreamError):
            raise self._answer
        if isinstance(self._answer, Hang):
            await asyncio.Event().wait()
            raise AssertionError("nothing ends a hang")
        return self._answer

    async def aclose(self) -> None:
        return
