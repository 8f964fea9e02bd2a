"""Metering: what an answer consumed and costs goes into the record of its call, exactly once."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from application.attempts import Served
from application.chat_call import ChatCall
from application.course import FamilyOf
from application.cut_usage import CutUsage
from application.opening import OpenedAnswer
from application.ports.chat_provider import Piece
from application.ports.clock import Clock
from application.ports.passage import Passage
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.usage import Usage
from domain.errors import FeatherGateError
from domain.pricing.cost import cost_usd
from domain.pricing.price import Price
from domain.routing.fleet import Deployment

PriceOf: TypeAlias = Callable[[Deployment], Price | None]
"""A deployment with a concrete model → what its tokens cost; None = not known."""

ReadAnswer: TypeAlias = Callable[[str, bytes], Iterable[StreamEvent]]
"""The name of a dialect, and the beginning of an answer in it → what that says. Never raises."""

_MAX_WAITING: Final = 32
"""Pieces are listened to so many at a time, and not at all where a short answer tells what it consumed."""
_TELLING: Final = frozenset({ev.UsageReported, ev.Finished, ev.Ended, ev.Failed})


@dataclass(frozen=True, slots=True)
class Billing:
    """What tells the consumption and the cost of answers; one for all calls."""

    price_of: PriceOf
    family_of: FamilyOf
    read_answer: ReadAnswer

    def listener(self, deployment: Deployment) -> CutUsage:
        """Who listens to an answer of `deployment`."""
        return CutUsage(self.family_of(deployment), deployment.model)

    def estimate(self, heard: CutUsage, call: ChatCall) -> Usage:
        """What `call` consumed as far as its answer was heard; parses the request where it passed unread."""
        try:
            request = call.document.canonical()
        except FeatherGateError:  # the upstream understood what we do not
            request = None
        return heard.usage(request, partial(self.read_answer, call.document.dialect))


class MeteredPieces:
    """The pieces of an answer that proved good, in their order; usage, errors and waiting go into the record.

    Read once. Closing closes the upstream, also where nothing was read yet. `ended` and `failure` tell how the
    answer stands after the last piece that was read. Usage and cost are settled when it ends or fails, or else
    when it is closed: as reported, or estimated where the upstream did not tell in full.
    """

    __slots__ = (
        "_billing",
        "_clock",
        "_finished",
        "_held",
        "_listener",
        "_passage",
        "_record",
        "_rest",
        "_served",
        "_settled",
        "_tokens",
        "_waiting",
        "ended",
        "failure",
    )

    def __init__(self, served: Served[OpenedAnswer], clock: Clock, billing: Billing) -> None:
        opened = served.answer
        self._served = served
        self._held = deque(opened.held)
        self._rest = opened.rest
        self._record = opened.call.record
        self._clock = clock
        self._billing = billing
        self._waiting: list[Piece] = []
        self._listener: CutUsage | None = None
        self._passage: Passage | None = None
        self._finished = self._settled = self.ended = False
        self._tokens = 0
        self.failure: FeatherGateError | None = None

    def __aiter__(self) -> "MeteredPieces":
        return self

    async def __anext__(self) -> Piece:
        if self._held:
            piece = self._held.popleft()
        else:
            asked_s = self._clock.monotonic_s()
            try:
                piece = await anext(self._rest)
            finally:
                self._record.upstream_s += self._clock.monotonic_s() - asked_s
        self._hear(piece)
        return piece

    def pass_through(self, passage: Passage) -> None:
        """Until these are closed, what tells nothing may go through `passage` while the next one is waited for.

        To be called by whoever has a piece written before it asks for the next.
        """
        self._passage = passage
        self._served.answer.call.passage = self._passed

    async def aclose(self) -> None:
        """Close the upstream. Idempotent."""
        self._passage = self._served.answer.call.passage = None
        try:
            await self._rest.aclose()
        finally:
            if self._held or not self._settled:
                self._hear_the_rest()
            self._served.ended(self._tokens)

    def _hear_the_rest(self) -> None:
        """Settle for an answer that was not read to its end."""
        while self._held:
            self._hear(self._held.popleft())
        if not self._settled:
            self._settle()

    def _passed(self, raw: bytes) -> bool:
        if self._passage is None or not self._passage(raw):
            return False
        self._hear(Piece(raw, ()))
        return True

    def _hear(self, piece: Piece) -> None:
        self._waiting.append(piece)
        for event in piece.events:
            if type(event) not in _TELLING:  # nearly all events are such
                continue
            if isinstance(event, ev.UsageReported):
                self._record.usage = event.usage
            elif isinstance(event, ev.Finished):
                self._finished = True
            elif isinstance(event, ev.Ended):
                self.ended = True
                self._settle()
            elif isinstance(event, ev.Failed):
                self.failure = self._record.error = event.error
                self._served.broke(event.error)
                self._settle()
        if len(self._waiting) >= _MAX_WAITING:
            self._listen()

    def _listen(self) -> CutUsage:
        """Listen to the pieces that wait for it."""
        if self._listener is None:
            self._listener = self._billing.listener(self._served.tried.member.deployment)
        for piece in self._waiting:
            if piece.raw:
                self._listener.passed(piece.raw)
            for event in piece.events:
                self._listener.feed(event)
        self._waiting.clear()
        return self._listener

    def _settle(self) -> None:
        """Tell usage and cost, and keep nothing of what was said any longer."""
        self._settled = True
        record, served, billing = self._record, self._served, self._billing
        usage = record.usage
        tokens = None if usage is None else usage.total_tokens
        if usage is None or tokens is None or not (self._finished or self.ended):
            usage = record.usage = billing.estimate(self._listen(), served.answer.call)
            tokens = usage.total_tokens
            record.usage_estimated = True
        self._tokens = tokens or 0
        price = billing.price_of(served.tried.member.deployment)
        if price is not None:
            record.cost_usd = cost_usd(usage, price)
        self._waiting.clear()
        self._listener = None
