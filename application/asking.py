"""One call, asked of one deployment after the other."""

from collections.abc import Coroutine

from application.chat_call import ChatCall
from application.opening import OpenedAnswer, Opening
from domain.routing.policy import PatiencePolicy
from domain.routing.steps import Try


class Asking:
    """An Attempt of a chat call, whose record is told who is asked."""

    __slots__ = ("_call", "_opening", "_patience")

    def __init__(self, call: ChatCall, opening: Opening, patience: PatiencePolicy) -> None:
        self._call = call
        self._opening = opening
        self._patience = patience

    def __call__(self, tried: Try) -> Coroutine[None, None, OpenedAnswer]:
        """Raises what Opening raises."""
        deployment, record = tried.member.deployment, self._call.record
        call = self._call
        if record.attempts or tried.target is not None:
            call = call.again(tried.target)
        if call.stream:
            call.first_event_s = self._first_event_s(tried, call)
        record.asked(deployment, tried.target)
        return self._opening.open(deployment, call)

    async def discard(self, opened: OpenedAnswer) -> None:
        """Close an answer that nobody wants."""
        await opened.rest.aclose()

    def _first_event_s(self, tried: Try, call: ChatCall) -> float | None:
        """How long a stream's first sign of life is waited for: without end where nobody else could give one."""
        if not tried.has_others:
            return None
        reasons = tried.member.deployment.always_reasons or call.document.asks_to_reason()
        return self._patience.reasoning_first_event_s if reasons else self._patience.first_event_s
