"""Deployments that do what a script says, on virtual time, behind the gateway's own routing."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, TypeAlias

from hypothesis import strategies as st

from application.answer_chat import Answer, AnswerChat
from application.attempts import Attempts
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.course import ChatCourses
from application.opening import Opening
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.errors import (
    ContextTooLong,
    ErrorKind,
    FeatherGateError,
    MalformedResponse,
    UnsupportedFeature,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from domain.routing.fleet import Deployment, Fleet
from domain.routing.health import Health
from domain.routing.plan import Plan
from domain.routing.policy import RoutingPolicy
from domain.routing.roster import Roster
from domain.routing.wishes import NO_WISHES, RoutingWishes
from tests.application.fakes import ENDED, FINISHED, STARTED, Document, piece, text
from tests.application.routed import BILLING
from tests.virtual_time import virtual_time

IDLE_S: Final = 30.0
"""How long an upstream may be silent."""

Manner: TypeAlias = Literal["good", "fails", "fails in the stream", "is cut", "is silent", "breaks later"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a deployment does with one try: nothing for `after_s`, then what `manner` says; `kind` is its failure.

    kind: None = no connection. retry_after_s: what the failure asks for.
    """

    manner: Manner = "good"
    after_s: float = 0.0
    kind: ErrorKind | None = None
    retry_after_s: float | None = None

    def error(self) -> FeatherGateError:
        """A failure of this kind, as the adapters raise it."""
        match self.kind:
            case None:
                return UpstreamUnavailable("nobody is there")
            case ErrorKind.UNSUPPORTED:
                return UnsupportedFeature("it cannot say that")
            case ErrorKind.CONTEXT_LENGTH:
                return ContextTooLong("it is too long")
            case ErrorKind.TRUNCATED:
                return MalformedResponse("it ended early", kind=self.kind)
            case _:
                return UpstreamRejected("it failed", kind=self.kind, retry_after_s=self.retry_after_s)


GOOD: Final = Turn()
CLIENTS: Final = (
    ErrorKind.INVALID_REQUEST,
    ErrorKind.UNSUPPORTED,
    ErrorKind.CONTEXT_LENGTH,
    ErrorKind.CONTENT_POLICY,
    ErrorKind.TOO_LARGE,
    ErrorKind.UNPROCESSABLE,
)
"""Failures that are the caller's doing."""
UPSTREAMS: Final = (
    None,
    ErrorKind.SERVER,
    ErrorKind.UNAVAILABLE,
    ErrorKind.OVERLOADED,
    ErrorKind.TRUNCATED,
    ErrorKind.AUTH,
    ErrorKind.NOT_FOUND,
    ErrorKind.CONFLICT,
    ErrorKind.RATE_LIMIT,
)

_AFTER_S = st.sampled_from([0.0, 0.001, 0.3, 2.0, 11.0])
_WAITS_S = st.sampled_from([None, 0.0, 0.2, 3.0, 45.0, 7_200.0])


def turns(kinds: Sequence[ErrorKind | None] = (*CLIENTS, *UPSTREAMS)) -> st.SearchStrategy[Turn]:
    """Anything that a deployment may do, failing in these ways."""
    failing = st.sampled_from(kinds)
    return st.one_of(
        st.builds(Turn, st.just("good"), _AFTER_S),
        st.builds(Turn, st.just("fails"), _AFTER_S, failing, _WAITS_S),
        st.builds(Turn, st.just("fails in the stream"), _AFTER_S, failing, _WAITS_S),
        *([st.builds(Turn, st.sampled_from(["is cut", "is silent", "breaks later"]), _AFTER_S)] * (None in kinds)),
    )


@dataclass(slots=True)
class Asked:
    """One try: when it began, of whom, for which call, and the failure that it came to.

    failed_s: when that was. others: who else of the group could have been asked then.
    """

    at_s: float
    deployment: Deployment
    call_id: str
    error: FeatherGateError | None = None
    failed_s: float = 0.0
    others: frozenset[str] = frozenset()


@dataclass(slots=True)
class Call:
    """A call on its way. plan: how it was routed, once that is over. script: what its tries meet, in turn.

    again: and from the beginning, without end.
    """

    ident: str
    began_s: float
    deadline_s: float
    wishes: RoutingWishes
    script: deque[Turn]
    again: bool
    task: "asyncio.Task[Answer]" = field(init=False)
    plan: Plan | None = None
    ended_s: float | None = None
    was_cancelled: bool = False

    @property
    def is_answered(self) -> bool:
        return self.task.done() and not self.task.cancelled() and self.task.exception() is None


class FaultyFleet:
    """A fleet, its routing, and everybody who calls it; also the ChatProvider and the RoutingWatch."""

    def __init__(self, deployments: Sequence[Deployment], policy: RoutingPolicy, seed: int = 0) -> None:
        self.loop = virtual_time()
        self.policy = policy
        self.asked: list[Asked] = []
        self.changes: list[tuple[float, str, Health, Health]] = []
        self.calls: list[Call] = []
        self.opened: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.roster = Roster(Fleet.of(deployments), policy, self.changed)
        self.attempts = Attempts(self.roster, self.loop, Random(seed).random, self)
        courses = ChatCourses(self.roster, lambda deployment: deployment.provider)
        opening = Opening(self, guards_whole_streams=policy.guards_whole_streams)
        self._use_case = AnswerChat(self.attempts, opening, self.loop, courses, BILLING)

    def start(
        self,
        model: str,
        script: Sequence[Turn],
        *,
        timeout_s: float | None = None,
        wishes: RoutingWishes = NO_WISHES,
        again: bool = False,
    ) -> Call:
        """A further call, whose tries meet these turns, and then good answers, or the same `again`."""
        now_s = self.loop.now_s
        deadline_s = float("inf") if timeout_s is None else now_s + timeout_s
        call = Call(str(len(self.calls)), now_s, deadline_s, wishes, deque(script), again)
        made = ChatCall(
            request_id=call.ident,
            model=model,
            stream=True,
            document=Document(),
            record=CallRecord(request_id=call.ident, route="/x", received_s=now_s),
            timeout_s=timeout_s,
            wishes=wishes,
        )
        call.task = self.loop.create_task(self._use_case.run(made))
        call.task.add_done_callback(lambda _: self._ended(call))
        self.calls.append(call)
        return call

    def cancel(self, call: Call) -> None:
        """Its caller leaves."""
        call.was_cancelled = True
        call.task.cancel()
        self.loop.pass_time(0.0)

    def finish(self, call: Call, *, pieces: int | None = None) -> None:
        """Its caller reads so many pieces of the answer, None = all, and closes it."""
        if call.is_answered:
            self.loop.run(_read(call.task.result(), pieces))

    def close(self, call: Call) -> None:
        """Its caller closes the answer unread, at once, be it from within the loop."""
        if call.is_answered:
            with suppress(StopIteration):
                call.task.result().pieces.aclose().send(None)

    def tries_of(self, call: Call) -> list[Asked]:
        return [asked for asked in self.asked if asked.call_id == call.ident]

    async def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        turn = self._turn(self.calls[int(call.request_id)])
        asked = Asked(self.loop.now_s, deployment, call.request_id)
        self.asked.append(asked)
        self.opened[deployment.id] += 1
        try:
            async with aclosing(self._act(turn, call)) as pieces:
                async for each in pieces:
                    yield each
        except FeatherGateError as error:
            asked.error, asked.failed_s, asked.others = error, self.loop.now_s, self._others(deployment)
            raise
        finally:
            self.closed[deployment.id] += 1

    def _turn(self, call: Call) -> Turn:
        turn = call.script.popleft() if call.script else GOOD
        if call.again:
            call.script.append(turn)
        return turn

    def _others(self, deployment: Deployment) -> frozenset[str]:
        return frozenset(
            member.deployment.id
            for member in self.roster.group(deployment.group).members
            if member.deployment.id != deployment.id
            and member.deployment.unready is None
            and member.standing.health.answers(self.loop.now_s)
            and member.standing.in_flight < (member.deployment.max_parallel_requests or 1_000_000)
        )

    async def _act(self, turn: Turn, call: ChatCall) -> AsyncGenerator[Piece, None]:
        await asyncio.sleep(turn.after_s)
        match turn.manner:
            case "fails":
                raise turn.error()
            case "is silent":
                await asyncio.sleep(IDLE_S if call.first_event_s is None else call.first_event_s)
                raise UpstreamTimeout("it said nothing")
        yield piece(STARTED)
        match turn.manner:
            case "is cut":
                raise MalformedResponse("it ended early", kind=ErrorKind.TRUNCATED)
            case "fails in the stream":
                raise turn.error()
        yield text()
        await asyncio.sleep(turn.after_s)
        if turn.manner == "breaks later":
            yield piece(ev.Failed(UpstreamUnavailable("it broke")))
        else:
            yield piece(FINISHED, ENDED)

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        self.changes.append((self.loop.now_s, deployment.id, before, after))

    def routed(self, plan: Plan) -> None:
        self.calls[int(plan.course.call_id)].plan = plan

    def _ended(self, call: Call) -> None:
        call.ended_s = self.loop.now_s


async def _read(answer: Answer, pieces: int | None) -> None:
    """Read so many pieces, None = all, and close."""
    left = pieces
    while left is None or left > 0:
        try:
            await anext(answer.pieces)
        except (StopAsyncIteration, FeatherGateError):
            break
        left = None if left is None else left - 1
    await answer.pieces.aclose()
