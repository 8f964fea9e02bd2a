"""The use case: answer one chat call, streamed or buffered."""

from application.asking import Asking
from application.attempts import Attempts
from application.chat_call import ChatCall
from application.course import ChatCourses
from application.metering import Billing, MeteredPieces
from application.opening import Opening
from application.ports.clock import Clock
from domain.routing.fleet import Deployment
from domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that proved good, and who gives it.

    call: the call as it was made to the deployment: with what was lost on this way, and the model's name that
          the answer goes by where another group fell in.
    """

    call: ChatCall
    deployment: Deployment
    pieces: MeteredPieces


class AnswerChat:
    """Has a call answered by whom routing finds, and meters the answer on its way to the client."""

    def __init__(
        self, attempts: Attempts, opening: Opening, clock: Clock, courses: ChatCourses, billing: Billing
    ) -> None:
        self._attempts = attempts
        self._opening = opening
        self._clock = clock
        self._courses = courses
        self._billing = billing

    async def run(self, call: ChatCall) -> Answer:
        """Open the answer and wait until it proves good.

        Raises UnknownModel, NotConfigured, NoDeployment, RequestErrors (of translated routes, and where a request
        refers to what one of several accounts keeps), and UpstreamErrors. The call's record is filled in on the
        way; booking it is the caller's, once the last byte left.
        """
        asking = Asking(call, self._opening, self._attempts.roster.policy.patience)
        record = call.record
        asked_s = self._clock.monotonic_s()
        try:
            served = await self._attempts.run(self._courses.of(call), asking, asking.discard)
        finally:
            record.upstream_s += self._clock.monotonic_s() - asked_s
        made, deployment = served.answer.call, served.tried.member.deployment
        if record.attempts > 1:
            record.answered_by(deployment)
            record.losses = len(made.losses)
        record.first_token_s = served.opened_s
        return Answer(made, deployment, MeteredPieces(served, self._clock, self._billing))
