"""Answers for the scripted provider to give."""

import asyncio
from collections.abc import AsyncGenerator

from adapters.providers.echo.chat import EchoProvider
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.events import BlockKind
from domain.chat.loss import Loss
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, RateLimited, UpstreamRejected
from domain.routing.fleet import Deployment
from tests.http.gateway_under_test import Script

RAW_ANSWER = b'{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"content":"hi"}}]}'
RAW_FRAME = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
OVERLOADED = UpstreamRejected("too much to do", kind=ErrorKind.OVERLOADED, retry_after_s=1.2, request_id="up-7")


async def passed_through(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An upstream of the same dialect."""
    call.upstream_headers = {"x-request-id": "up-1", "x-ratelimit-remaining-requests": "9"}
    if call.stream:
        yield Piece(RAW_FRAME, (ev.ContentSeen(),))
        yield Piece(RAW_FRAME, (ev.ContentSeen(), ev.Finished(Finish(reason=FinishReason.STOP))))
        yield Piece(DONE, (ev.Ended(),))
    else:
        yield Piece(RAW_ANSWER, (ev.ContentSeen(), ev.UsageReported(Usage(prompt_tokens=1)), ev.Ended()))


async def translated(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An upstream of another dialect, told by events."""
    for loss in (Loss("dropped_param", "/seed"), Loss("folded", "/messages/0/näme x")):
        call.lose(loss)
    yield Piece(None, (ev.Started("a-1", "upstream-model"), ev.BlockStarted(0, BlockKind.TEXT)))
    yield Piece(None, (ev.TextDelta(0, "Grüß "),))
    yield Piece(None, (ev.TextDelta(0, "Gott"), ev.BlockStopped(0)))
    finished = ev.Finished(Finish(reason=FinishReason.STOP))
    yield Piece(None, (finished, ev.UsageReported(Usage(prompt_tokens=3, completion_tokens=2)), ev.Ended()))


async def echo(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Says what it was told, in any dialect."""
    deployment = Deployment(id="id-echo", group="echo", provider="echo", model="echo")
    async for piece in EchoProvider(asyncio.sleep).open(deployment, call):
        yield piece


async def refused(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An upstream that fails before it says anything."""
    if call.model:
        raise OVERLOADED
    yield Piece(None, ())


async def fails_at_once(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An upstream whose 200 is followed by nothing but an error."""
    yield Piece(None, (ev.Started("a-1", "m"), ev.Failed(OVERLOADED)))


async def breaks_raw(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Passed through, and broken in the middle of a frame."""
    yield Piece(RAW_FRAME, (ev.ContentSeen(),))
    yield Piece(b'data: {"half', ())
    yield Piece(b"", (ev.Failed(OVERLOADED),))


async def breaks_translated(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Told by events, and broken after the first words."""
    yield Piece(None, (ev.Started("a-1", "m"), ev.BlockStarted(0, BlockKind.TEXT), ev.TextDelta(0, "so far")))
    yield Piece(None, (ev.Failed(RateLimited("no more")),))


async def stops_short(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An answer without an ending."""
    yield Piece(RAW_FRAME, (ev.ContentSeen(),))


async def crashes(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """A defect before the first piece."""
    if call.model:
        raise ZeroDivisionError("a defect")
    yield Piece(None, ())


async def crashes_later(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """A defect in the middle."""
    yield Piece(RAW_FRAME, (ev.ContentSeen(),))
    raise ZeroDivisionError("a defect")


async def hangs(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Never says anything."""
    await asyncio.Event().wait()
    yield Piece(None, ())


async def hangs_later(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Says one thing, and then nothing more."""
    yield Piece(RAW_FRAME, (ev.ContentSeen(),))
    await asyncio.Event().wait()


class Flood:
    """Says more than any socket holds; counts what was taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.piece = Piece(b"data: " + b"x" * 65_526 + b"\n\n", (ev.ContentSeen(),))

    async def __call__(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        while True:
            self.taken += 1
            yield self.piece
            await asyncio.sleep(0)


class Gated:
    """Passed through, where each piece waits for its gate."""

    def __init__(self, *gates: asyncio.Event) -> None:
        self.gates = gates

    async def __call__(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        for gate in self.gates:
            await gate.wait()
            yield Piece(RAW_FRAME, (ev.ContentSeen(),))
        yield Piece(DONE, (ev.Ended(),))


def everything() -> dict[str, Script]:
    return {
        "passed-through": passed_through,
        "vendor/translated": translated,
        "echo": echo,
        "refused": refused,
        "fails-at-once": fails_at_once,
        "breaks-raw": breaks_raw,
        "breaks-translated": breaks_translated,
        "stops-short": stops_short,
        "crashes": crashes,
        "crashes-later": crashes_later,
        "hangs": hangs,
        "hangs-later": hangs_later,
    }
