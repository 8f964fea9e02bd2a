"""The use case: answer one chat call, streamed or buffered."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from application.attempts import Attempts, OpenedAnswer
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from application.ports.clock import Clock
from domain.chat import events as ev
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment, Fleet, ready
from domain.routing.strategy import simple_shuffle


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that proved good. `pieces` is read once; closing it cancels the upstream."""

    deployment: Deployment
    pieces: AsyncGenerator[Piece, None]


class AnswerChat:
    """Plans a call, opens the answer, and meters it on its way to the client."""

    def __init__(self, fleet: Fleet, attempts: Attempts, clock: Clock, draw: Callable[[], float]) -> None:
        self._fleet = fleet
        self._attempts = attempts
        self._clock = clock
        self._draw = draw

    async def run(self, call: ChatCall) -> Answer:
        """Open the answer and wait until it proves good.

        Raises UnknownModel, NotConfigured, RequestErrors of translated routes, and UpstreamErrors. The
        call's record is filled in on the way; booking it is the caller's, once the last byte left.
        """
        deployment = simple_shuffle(ready(self._fleet.deployments(call.model)), self._draw)
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
        return Answer(deployment, self._metered(opened, record))

    async def _metered(self, opened: OpenedAnswer, record: CallRecord) -> AsyncGenerator[Piece, None]:
        record.first_token_s = self._clock.monotonic_s()
        async with aclosing(opened.pieces()) as pieces:
            asked_s = self._clock.monotonic_s()
            async for piece in pieces:
                record.upstream_s += self._clock.monotonic_s() - asked_s
                for event in piece.events:
                    if isinstance(event, ev.UsageReported):
                        record.usage = event.usage
                    elif isinstance(event, ev.Failed):
                        record.error = event.error
                yield piece
                asked_s = self._clock.monotonic_s()
