"""The use case: answer one chat call, streamed or buffered."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from application.attempts import Attempts, OpenedAnswer
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from application.ports.clock import Clock
from domain.chat import events as ev
from domain.errors import FeatherGateError, UnsupportedFeature
from domain.routing.fleet import Deployment, Fleet, ready
from domain.routing.strategy import simple_shuffle


class MeteredPieces:
    """The pieces of an answer that proved good, in their order; usage, errors and waiting go into the record.

    Read once. Closing closes the upstream, also where nothing was read yet. `ended` and `failure` tell how the
    answer stands after the last piece that was read.
    """

    __slots__ = ("_clock", "_held", "_record", "_rest", "ended", "failure")

    def __init__(self, opened: OpenedAnswer, record: CallRecord, clock: Clock) -> None:
        self._held = deque(opened.held)
        self._rest = opened.rest
        self._record = record
        self._clock = clock
        self.ended = False
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
        for event in piece.events:
            if isinstance(event, ev.UsageReported):
                self._record.usage = event.usage
            elif isinstance(event, ev.Ended):
                self.ended = True
            elif isinstance(event, ev.Failed):
                self.failure = self._record.error = event.error
        return piece

    async def aclose(self) -> None:
        """Close the upstream. Idempotent."""
        self._held.clear()
        await self._rest.aclose()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that proved good, and who gives it."""

    deployment: Deployment
    pieces: MeteredPieces


class AnswerChat:
    """Plans a call, opens the answer, and meters it on its way to the client."""

    def __init__(self, fleet: Fleet, attempts: Attempts, clock: Clock, draw: Callable[[], float]) -> None:
        self._fleet = fleet
        self._attempts = attempts
        self._clock = clock
        self._draw = draw

    async def run(self, call: ChatCall) -> Answer:
        """Open the answer and wait until it proves good.

        Raises UnknownModel, NotConfigured, RequestErrors (of translated routes, and where a request refers to
        what one of several accounts keeps), and UpstreamErrors. The
        call's record is filled in on the way; booking it is the caller's, once the last byte left.
        """
        usable = ready(self._fleet.deployments(call.model))
        if call.stateful:
            _check_account(usable)
        deployment = simple_shuffle(usable, self._draw)
        record = call.record
        record.group, record.deployment = deployment.group, deployment.id
        record.provider, record.upstream_model = deployment.provider, deployment.model
        asked_s = self._clock.monotonic_s()
        try:
            opened = await self._attempts.open(deployment, call)
        except FeatherGateError as error:
            error.provider = error.provider or deployment.provider
            error.model = error.model or deployment.model
            raise
        finally:
            record.upstream_s += self._clock.monotonic_s() - asked_s
        record.first_token_s = self._clock.monotonic_s()
        return Answer(deployment, MeteredPieces(opened, record, self._clock))


def _check_account(deployments: tuple[Deployment, ...]) -> None:
    """Raise UnsupportedFeature where only chance would find what one of several accounts keeps."""
    if len({deployment.account for deployment in deployments}) > 1:
        raise UnsupportedFeature(
            f"expected a model of one account, since the request refers to what an account keeps; "
            f"{deployments[0].group!r} is spread over several. Send the whole conversation instead, or ask for a "
            "model whose deployments share one account.",
            param="previous_response_id",
        )
