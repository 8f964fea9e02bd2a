"""The use case: count the prompt tokens of a chat call without answering it."""

from dataclasses import dataclass, replace

from application.attempts import Attempts
from application.chat_call import ChatCall
from application.course import ChatCourses, FamilyOf
from application.ports.clock import Clock
from application.ports.token_counter import TokenCounter
from domain.errors import ErrorKind, FeatherGateError, UnsupportedFeature
from domain.models.token_estimate import estimate_tokens
from domain.routing.fleet import Deployment
from domain.routing.steps import Try


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """A count, whether it is only an estimate, whose it is, and the call as it was made to them."""

    tokens: int
    estimated: bool
    deployment: Deployment
    call: ChatCall


class CountTokens:
    """Asks the upstream that would answer, and estimates where it has no endpoint for counting."""

    def __init__(
        self, attempts: Attempts, courses: ChatCourses, counter: TokenCounter, clock: Clock, family_of: FamilyOf
    ) -> None:
        self._attempts = attempts
        self._courses = courses
        self._counter = counter
        self._clock = clock
        self._family_of = family_of

    async def run(self, call: ChatCall) -> TokenCount:
        """The prompt tokens of `call`; an upstream that finds nothing where it was asked has no endpoint either.

        What refers to something an upstream keeps is never estimated: nobody else sees how long that is. Raises
        UnknownModel, NotConfigured, RequestErrors, and UpstreamErrors (`not_found` only for such requests).
        """
        made = call

        async def ask(tried: Try) -> int | None:
            nonlocal made
            made = call.again(tried.target) if call.record.attempts or tried.target else call
            call.record.asked(tried.member.deployment, tried.target)
            return await self._counted(tried.member.deployment, made)

        asked_s = self._clock.monotonic_s()
        try:
            served = await self._attempts.run(self._courses.of(call), ask)
        finally:
            call.record.upstream_s += self._clock.monotonic_s() - asked_s
        served.ended()
        deployment, counted = served.tried.member.deployment, served.answer
        if counted is not None:
            return TokenCount(tokens=counted, estimated=False, deployment=deployment, call=made)
        if call.stateful:
            raise UnsupportedFeature(
                "expected a model whose upstream counts tokens, since the request refers to what it keeps; "
                f"{deployment.provider} does not. Send the whole conversation instead.",
                param="previous_response_id",
                provider=deployment.provider,
                model=deployment.model,
            )
        request = replace(made.document.canonical(), model=deployment.model)
        tokens = estimate_tokens(request, self._family_of(deployment))
        return TokenCount(tokens=tokens, estimated=True, deployment=deployment, call=made)

    async def _counted(self, deployment: Deployment, call: ChatCall) -> int | None:
        try:
            return await self._counter.count(deployment, call)
        except FeatherGateError as error:
            if error.kind is ErrorKind.NOT_FOUND and error.origin == "provider" and not call.stateful:
                return None
            raise
