"""What goes past the pieces of an answer reaches the client as it would have within them, and is booked alike."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.http.answer_heads import AnswerHeads
from adapters.http.answering import ChatAnswering
from adapters.http.errors import answer_error
from adapters.http.event_stream import EventStream
from adapters.http.inbound import Inbound
from adapters.http.memory_exchange import MemoryExchange
from adapters.http.task_runner import TaskRunner
from adapters.providers.http_chat import HttpChatProvider
from adapters.upstream.connection import Connection
from adapters.upstream.outbox import Outbox
from adapters.upstream.port import UpstreamRequest, UpstreamResponse
from application.answer_chat import AnswerChat
from application.chat_call import ChatCall
from application.opening import Opening
from bench.dialects import Dialect
from bench.mock.frames import frames_of
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment
from entrypoints.billing import billing
from tests.application.fakes import ManualClock
from tests.application.routed import attempts_over, courses_over
from tests.providers.calling import provider_of
from tests.providers.clients import CLIENTS, Client, call_of
from tests.providers.vendors import VENDORS
from tests.strategies import canonical
from tests.upstream.without_socket import MemoryTransport, Shelf

Act: TypeAlias = bytes | Literal["turn", "pause", "resume"]
"""Bytes of the stream that come, a turn of the loop, and how the client reads."""
End: TypeAlias = Literal["complete", "broken", "garbage", "reset", "leaves"]

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SPOKEN: Final = {
    "openai_chat": (Dialect.CHAT, "mistral"),
    "openai_responses": (Dialect.RESPONSES, "openai-responses"),
    "anthropic_messages": (Dialect.MESSAGES, "anthropic"),
    "gemini": (Dialect.GEMINI, "gemini"),
}
"""Client dialect → the stream of its vendor, and the deployment that speaks it."""

each = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)


class FedUpstream:
    """One connection without a socket, fed by hand."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.connection = Connection(Shelf(), loop, Outbox(loop))
        self.transport = MemoryTransport(self.connection)
        self.connection.connection_made(self.transport)

    async def open(self, request: UpstreamRequest) -> UpstreamResponse:
        answer = self.connection.send(request, b"HEAD", total_at=float("inf"))
        await answer.wait_for_head()
        return answer

    async def aclose(self) -> None:
        self.transport.abort()

    def feed(self, data: bytes) -> None:
        if not self.transport.closed:
            self.connection.data_received(data)

    def end(self, how: End) -> None:
        match how:
            case "complete":
                self.feed(b"0\r\n\r\n")
            case "garbage":
                self.feed(b"no chunk\r\n")
            case "broken" if not self.transport.closed:
                self.connection.eof_received()
            case "reset":
                self.transport.abort()


class Reader(MemoryExchange):
    """A client that reads when `reads` is set (`asked`: it had to); what goes to it at once is counted, and refused if so wished."""

    def __init__(self, *, takes_at_once: bool) -> None:
        super().__init__("/", {}, b"")
        self.asked, self.reads = asyncio.Event(), asyncio.Event()
        self.reads.set()
        self.at_once = 0
        self._takes_at_once = takes_at_once

    async def write(self, data: bytes) -> None:
        self.asked.set()
        await self.reads.wait()
        await super().write(data)

    def write_at_once(self, data: bytes) -> bool:
        if not self._takes_at_once or not self.reads.is_set():
            return False
        self.at_once += 1
        return super().write_at_once(data)


@dataclass
class Served:
    """A call on its way: its ends, and the task between."""

    upstream: FedUpstream
    reader: Reader
    call: ChatCall
    task: asyncio.Task[None] = field(init=False)

    async def settle(self) -> None:
        """Let everything happen that can."""
        for _ in range(25):
            await asyncio.sleep(0)

    async def act(self, acts: list[Act]) -> None:
        for act in acts:
            if not act:
                continue
            if isinstance(act, bytes):
                self.upstream.feed(b"%x\r\n%b\r\n" % (len(act), act))
            elif act == "turn":
                await asyncio.sleep(0)
            elif act == "resume":
                self.reader.reads.set()
            else:
                await self.settle()  # else what came before could be stuck in one way only
                self.reader.reads.clear()

    async def end(self, how: End) -> None:
        if how == "leaves":
            await self.settle()
            self.task.cancel()
        else:
            self.upstream.end(how)
            self.reader.reads.set()
        with suppress(asyncio.CancelledError):
            await self.task

    def told(self) -> tuple[object, ...]:
        """What the client and the books see."""
        record, error = replace(self.call.record, error=None), self.call.record.error
        return self.reader.answer, self.reader.status, self.reader.finished, record, repr(error)


async def serve(client: Client, *, at_once: bool) -> Served:
    """A streamed call through everything between the two connections."""
    spec = next(vendor.spec for vendor in VENDORS if vendor.name == SPOKEN[client.name][1])
    upstream, clock = FedUpstream(), ManualClock()
    provider, deployment = provider_of(spec, upstream)
    call = call_of(client, stream=True)
    served = Served(upstream, Reader(takes_at_once=at_once), call)
    answering = ChatAnswering(_use_case(provider, deployment, clock), AnswerHeads(clock), tasks=TaskRunner())
    inbound = Inbound(served.reader, call.record, client)

    async def answer() -> None:
        try:
            await answering.answer(inbound, call, Reply(model="the-model", include_usage=True))
        except FeatherGateError as error:
            await answer_error(inbound, error)

    served.task = asyncio.ensure_future(answer())
    await served.settle()
    upstream.feed(HEAD)
    return served


def _use_case(provider: HttpChatProvider, deployment: Deployment, clock: ManualClock) -> AnswerChat:
    attempts = attempts_over([deployment], clock)
    bills = billing(lambda _: None, lambda one: one.provider, CLIENTS)
    return AnswerChat(attempts, Opening(provider), clock, courses_over(attempts), bills)


async def played(client: Client, acts: list[Act], end: End, *, at_once: bool) -> Served:
    served = await serve(client, at_once=at_once)
    await served.act(acts)
    await served.end(end)
    assert served.call.passage is None
    return served


def stream(client: Client, said: list[bytes]) -> tuple[bytes, list[bytes], bytes]:
    """What opens the vendor's stream, its tokens, and what closes it."""
    frames = frames_of(SPOKEN[client.name][0])
    return frames.opening, [frames.before + text + frames.after for text in said], frames.closing([b"all"])


BETWEEN: st.SearchStrategy[list[Act]] = st.lists(st.sampled_from(("turn", "turn", "pause", "resume")), max_size=3)
words = st.sampled_from((b"a", b"fox ", b"", b"\xc3\xa9", b"\\n", b"\\u00e9", b"\\ud83d", b"\xff", b'"'))


@st.composite
def acts(draw: st.DrawFn, client: Client) -> list[Act]:
    opening, tokens, closing = stream(client, draw(st.lists(words, min_size=1, max_size=12)))
    reads = [opening, *tokens] if draw(st.booleans()) else draw(canonical.splits(opening + b"".join(tokens)))
    reads += draw(st.sampled_from(([], [closing], [closing[:20]])))
    doings: list[Act] = []
    for read in reads:
        doings.append(read)
        doings.extend(draw(BETWEEN))
    return doings


@each
@given(data=st.data())
def test_the_short_way_ends_where_the_long_way_does(client: Client, data: st.DataObject) -> None:
    doings = data.draw(acts(client))
    end: End = data.draw(st.sampled_from(("complete", "broken", "garbage", "reset", "leaves")))

    async def check() -> None:
        short = await played(client, doings, end, at_once=True)
        long = await played(client, doings, end, at_once=False)
        assert short.told() == long.told()
        assert short.upstream.transport.closed == long.upstream.transport.closed

    asyncio.run(check())


@each
async def test_tokens_wake_nobody_until_something_is_told(client: Client) -> None:
    opening, tokens, closing = stream(client, [b"%d " % number for number in range(50)])
    served = await serve(client, at_once=True)
    await served.act([opening, "turn", *tokens[:3]])
    await served.settle()
    went = served.reader.at_once
    await served.act(list(tokens[3:]))  # no turn of the loop between
    assert served.reader.at_once == went + (0 if client.name == "gemini" else 47)
    await served.act([closing])
    await served.end("complete")
    assert [served.reader.answer.count(b'"%d "' % number) for number in range(50)] == [1] * 50
    assert served.reader.finished
    assert (served.call.record.error, served.call.record.usage_estimated) == (None, False)


@each
async def test_a_client_that_reads_no_more_stops_the_upstream(client: Client) -> None:
    opening, tokens, _ = stream(client, [b"x" * 3000] * 200)
    served = await serve(client, at_once=True)
    await served.act([opening, *tokens[:3], "turn", "pause"])
    await served.act(list(tokens[3:]))
    was_paused = served.upstream.transport.paused
    await served.act(["resume"])
    await served.settle()
    assert (was_paused, served.upstream.transport.paused) == (True, False)
    assert served.reader.answer.count(b"x" * 3000) == 200
    await served.end("leaves")
    assert served.upstream.transport.closed


async def test_nothing_goes_before_the_head_or_past_a_keep_alive_on_its_way() -> None:
    reader = Reader(takes_at_once=True)
    stream = EventStream(reader, head=tuple, keep_alive=lambda: b": \n\n", interval_s=0.01, tasks=TaskRunner())
    async with stream:
        assert not stream.write_at_once(b"too soon")
        reader.reads.clear()
        await reader.asked.wait()  # the keep-alive
        reader.reads.set()
        assert not stream.write_at_once(b"ahead of the keep-alive")
        await stream.write(b"1")
        assert stream.write_at_once(b"2")
    assert reader.answer.lstrip(b": \n") == b"12"
