"""Small fakes of what the use cases need from outside."""

from collections.abc import AsyncGenerator, Iterable, Mapping

from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.request import ChatRequest, Message, Role
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage
from domain.json_types import JSON
from domain.routing.fleet import Deployment

STARTED = ev.Started("id", "up")
FINISHED = ev.Finished(Finish(reason=FinishReason.STOP))
ENDED = ev.Ended()
USAGE = Usage(prompt_tokens=1, completion_tokens=2)


def piece(*events: StreamEvent, raw: bytes | None = None) -> Piece:
    return Piece(raw, events)


def text(words: str = "hi") -> Piece:
    return piece(ev.BlockStarted(0, BlockKind.TEXT), ev.TextDelta(0, words))


class ManualClock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s


class Document:
    """A request in no dialect at all."""

    dialect = "test"

    def canonical(self) -> ChatRequest:
        return ChatRequest(model="m", messages=(Message(role=Role.USER, parts=(Text(text="hi"),)),))

    def place(self, where: str) -> str:
        return where

    def asks_to_reason(self) -> bool:
        return False

    def opening(self) -> str:
        return "hi"

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "Document":
        return self


def chat_call(model: str = "gpt-4o", **fields: object) -> ChatCall:
    call = ChatCall(
        request_id="req",
        model=model,
        stream=True,
        document=Document(),
        record=CallRecord(request_id="req", route="/x", received_s=99.0),
    )
    for name, value in fields.items():
        setattr(call, name, value)
    return call


class ScriptedProvider:
    """Yields prepared pieces, raising errors among them; counts how often its answers were closed.

    wait_s: how far the clock moves before each piece.
    """

    def __init__(self, steps: Iterable[Piece | BaseException], clock: ManualClock, *, wait_s: float = 0.0) -> None:
        self._steps = tuple(steps)
        self._clock = clock
        self._wait_s = wait_s
        self.opened: list[Deployment] = []
        self.closed = 0
        self.given = 0

    async def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        self.opened.append(deployment)
        try:
            for step in self._steps:
                self._clock.now_s += self._wait_s
                if isinstance(step, BaseException):
                    raise step
                self.given += 1
                yield step
        finally:
            self.closed += 1
