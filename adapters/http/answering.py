"""Answering a chat call to its client, streamed or buffered, in the client's dialect."""

import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import ClientDialect, Encoder, Reply
from adapters.http.answer_heads import MAX_WARNINGS, AnswerHeads
from adapters.http.event_stream import EventStream
from adapters.http.headers import Header
from adapters.http.inbound import Inbound
from adapters.http.task_runner import TaskRunner
from application.answer_chat import Answer, AnswerChat
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.folding import Folding
from domain.chat.loss import Loss
from domain.errors import ErrorKind, FeatherGateError, MalformedResponse

KEEP_ALIVE_S: Final = 10.0
"""How long a stream may be silent before a keep-alive goes out."""

_FRAME_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")
_LOG = logging.getLogger(__name__)


class ChatAnswering:
    """Runs AnswerChat and brings what it gives to the client."""

    def __init__(
        self,
        answer_chat: AnswerChat,
        heads: AnswerHeads,
        *,
        tasks: TaskRunner,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        self._answer_chat = answer_chat
        self._heads = heads
        self._tasks = tasks
        self._keep_alive_s = keep_alive_s

    def answer(self, inbound: Inbound, call: ChatCall, reply: Reply) -> Coroutine[None, None, None]:
        """Answer `call` on the inbound's exchange.

        Raises what AnswerChat raises, and the error of an answer that broke, after what came before it was
        sent; `inbound.encode_failure` then words it as the stream's last frame.
        """
        return self._stream(inbound, call, reply) if call.stream else self._buffer(inbound, call, reply)

    async def _buffer(self, inbound: Inbound, call: ChatCall, reply: Reply) -> None:
        made = call
        try:
            answer = await self._answer_chat.run(call)
            made = answer.call
            body = await _collected(answer, dialect=inbound.dialect, reply=_renamed(made, reply))
        finally:
            if made.losses:
                _log_losses(made)
        inbound.record.status = 200
        exchange = inbound.exchange
        await exchange.start(200, self._heads.buffered(inbound, answer.call, answer.deployment, len(body)))
        await exchange.finish(body)

    async def _stream(self, inbound: Inbound, call: ChatCall, reply: Reply) -> None:
        answer: Answer | None = None

        def head() -> Iterable[Header]:
            inbound.record.status = 200
            if answer is None:
                return self._heads.streamed(inbound, call, None)
            return self._heads.streamed(inbound, answer.call, answer.deployment)

        encoding = _StreamEncoding(inbound.dialect, reply)
        inbound.encode_failure = encoding.failure_frame
        made = call
        async with EventStream(
            inbound.exchange,
            head=head,
            keep_alive=encoding.keep_alive,
            interval_s=self._keep_alive_s,
            tasks=self._tasks,
        ) as stream:
            try:
                answer = await self._answer_chat.run(call)
                made = answer.call
                encoding.tells(_renamed(made, reply), lose=made.lose)
                await _pass_on(answer, encoding, stream)
            finally:
                if made.losses:
                    _log_losses(made)
            await stream.finish()


async def _pass_on(answer: Answer, encoding: "_StreamEncoding", stream: EventStream) -> None:
    """Write `answer` piece by piece. Raises the error of one that broke."""
    async with aclosing(answer.pieces) as pieces:
        pieces.pass_through(stream.write_at_once)
        async for piece in pieces:
            data = encoding.feed(piece)
            if data:
                await stream.write(data)
            if pieces.failure is not None:
                raise pieces.failure
    if not pieces.ended:
        raise _cut_short(answer)


def _renamed(made: ChatCall, reply: Reply) -> Reply:
    """What the answer must know, whose name is another one where another model fell in."""
    return reply if made.model == reply.model else replace(reply, model=made.model)


class _StreamEncoding:
    """Pieces in, the client's bytes out."""

    __slots__ = ("_dialect", "_encoder", "_has_begun", "_lose", "_reply", "_within_frame")

    def __init__(self, dialect: ClientDialect, reply: Reply) -> None:
        self._dialect = dialect
        self._reply = reply
        self._lose: Callable[[Loss], None] | None = None
        self._encoder: Encoder | None = None
        self._within_frame = self._has_begun = False

    def tells(self, reply: Reply, *, lose: Callable[[Loss], None]) -> None:
        """The answer is found: what it must know, and who is told what its dialect cannot say."""
        self._reply = reply
        self._lose = lose

    def feed(self, piece: Piece) -> bytes:
        """The bytes of `piece`, without those of its failure."""
        if piece.raw is None:
            return self._encoded(piece.events)
        if self._encoder is not None:  # raw bytes amid events: the encoder must know what they say
            self._encoded(piece.events)
        if piece.raw:
            self._has_begun = True
            self._within_frame = not piece.raw.endswith(_FRAME_ENDS)
        return piece.raw

    def _encoded(self, events: Iterable[StreamEvent]) -> bytes:
        encoder = self._encoder
        if encoder is None:
            encoder = self._encoder = self._dialect.encoder(self._reply)
        encoded: list[bytes] = []
        for event in events:
            if isinstance(event, ev.Failed):
                break
            encoded.append(encoder.feed(event))
            loss = self._dialect.lost(event)
            if loss is not None and self._lose is not None:
                self._lose(loss)
        return b"".join(encoded)

    def keep_alive(self) -> bytes:
        """A keep-alive, where one may be sent now."""
        return b"" if self._within_frame else self._dialect.keep_alive

    def failure_frame(self, error: FeatherGateError) -> bytes:
        """`error` as the last frame; a frame that was sent by half is closed before."""
        if self._encoder is not None:
            return self._encoder.feed(ev.Failed(error))
        frame = self._dialect.encode_error(error, has_begun=self._has_begun)
        return b"\n\n" + frame if self._within_frame else frame


async def _collected(answer: Answer, *, dialect: ClientDialect, reply: Reply) -> bytes:
    """The whole answer; its call takes note of what is lost in it. Raises the error of one that broke."""
    raw: list[bytes] = []
    folding: Folding | None = None
    pieces = answer.pieces
    try:
        async for piece in pieces:
            if pieces.failure is not None:
                raise pieces.failure
            if piece.raw is not None:
                raw.append(piece.raw)
                continue
            folding = folding or Folding()
            for event in piece.events:
                folding.feed(event)
                loss = dialect.lost(event)
                if loss is not None:
                    answer.call.lose(loss)
    finally:
        await pieces.aclose()
    if not pieces.ended:
        raise _cut_short(answer)
    if folding is None or raw:
        return raw[0] if len(raw) == 1 else b"".join(raw)
    return json_codec.encode(dialect.render_response(folding.response(), reply))


def _cut_short(answer: Answer) -> MalformedResponse:
    return MalformedResponse(
        "expected the upstream's answer to end; it stopped without an ending",
        kind=ErrorKind.TRUNCATED,
        provider=answer.deployment.provider,
        model=answer.deployment.model,
    )


def _log_losses(call: ChatCall) -> None:
    changes = ", ".join(f"{loss.code} {loss.place}" for loss in call.losses[:MAX_WARNINGS])
    _LOG.info("request %s lost something on its way to another dialect: %s", call.request_id, changes)
