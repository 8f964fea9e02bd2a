"""The use case: count the prompt tokens of a chat call without answering it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from application.chat_call import ChatCall
from application.choosing import Chooser
from application.ports.clock import Clock
from application.ports.token_counter import TokenCounter
from domain.chat.content import Family
from domain.errors import ErrorKind, FeatherGateError, UnsupportedFeature
from domain.models.token_estimate import estimate_tokens
from domain.routing.fleet import Deployment

FamilyOf: TypeAlias = Callable[[Deployment], Family]
"""A deployment → whose vocabulary its model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """A count, whether it is only an estimate, and whose it is."""

    tokens: int
    estimated: bool
    deployment: Deployment


class CountTokens:
    """Asks the upstream that would answer, and estimates where it has no endpoint for counting."""

    def __init__(self, chooser: Chooser, counter: TokenCounter, clock: Clock, family_of: FamilyOf) -> None:
        self._chooser = chooser
        self._counter = counter
        self._clock = clock
        self._family_of = family_of

    async def run(self, call: ChatCall) -> TokenCount:
        """The prompt tokens of `call`; an upstream that finds nothing where it was asked has no endpoint either.

        What refers to something an upstream keeps is never estimated: nobody else sees how long that is. Raises
        UnknownModel, NotConfigured, RequestErrors, and UpstreamErrors (`not_found` only for such requests).
        """
        deployment = self._chooser.choose(call.model, call.record)
        counted = await self._counted(deployment, call)
        if counted is not None:
            return TokenCount(tokens=counted, estimated=False, deployment=deployment)
        if call.stateful:
            raise UnsupportedFeature(
                "expected a model whose upstream counts tokens, since the request refers to what it keeps; "
                f"{deployment.provider} does not. Send the whole conversation instead.",
                param="previous_response_id",
                provider=deployment.provider,
                model=deployment.model,
            )
        request = replace(call.document.canonical(), model=deployment.model)
        tokens = estimate_tokens(request, self._family_of(deployment))
        return TokenCount(tokens=tokens, estimated=True, deployment=deployment)

    async def _counted(self, deployment: Deployment, call: ChatCall) -> int | None:
        asked_s = self._clock.monotonic_s()
        try:
            return await self._counter.count(deployment, call)
        except FeatherGateError as error:
            if error.kind is ErrorKind.NOT_FOUND and error.origin == "provider" and not call.stateful:
                return None
            error.provider = error.provider or deployment.provider
            error.model = error.model or deployment.model
            raise
        finally:
            call.record.upstream_s += self._clock.monotonic_s() - asked_s
