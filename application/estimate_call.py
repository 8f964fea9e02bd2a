"""The use case: say what a call will take at most, without asking anybody."""

from collections.abc import Iterable
from dataclasses import replace

from application.chat_call import ChatCall
from application.course import FamilyOf
from application.embedding_call import EmbeddingCall
from application.list_models import ProfileOf
from application.metering import PriceOf
from domain.batch.line import LineEstimate
from domain.chat.request import ChatRequest
from domain.chat.usage import Usage
from domain.embeddings import TokenIds
from domain.models.token_estimate import estimate_text, estimate_tokens
from domain.pricing.cost import cost_usd
from domain.pricing.price import Price
from domain.routing.fleet import Deployment
from domain.routing.roster import Roster


class EstimateCall:
    """Estimates calls by the deployments that may answer them: the dearest of these counts, fallbacks do not.

    What prompt caches, searches and tools of the provider cost on top is not foreseen.
    """

    def __init__(self, roster: Roster, *, family_of: FamilyOf, profile_of: ProfileOf, price_of: PriceOf) -> None:
        self._roster = roster
        self._family_of = family_of
        self._profile_of = profile_of
        self._price_of = price_of

    def chat(self, call: ChatCall) -> LineEstimate:
        """Of a chat call. Raises UnknownModel, and RequestErrors where the request cannot be understood."""
        return self.request(call.document.canonical(), call.model)

    def request(self, request: ChatRequest, model: str) -> LineEstimate:
        """Of a request to `model`. Raises UnknownModel."""
        deployments = self._deployments(model)
        first = deployments[0]
        prompt_tokens = estimate_tokens(replace(request, model=first.model), self._family_of(first))
        answer_tokens = request.max_output_tokens
        if answer_tokens is None:
            answer_tokens = self._longest_answer(deployments)
        if answer_tokens is not None:
            answer_tokens *= request.candidates
        return self._estimate(deployments, prompt_tokens, answer_tokens)

    def embeddings(self, call: EmbeddingCall) -> LineEstimate:
        """Of a request for embeddings, whose answers have no tokens. Raises as `chat`."""
        deployments = self._deployments(call.model)
        inputs = call.document.canonical().inputs
        return self._estimate(deployments, sum(self._length(one, deployments[0]) for one in inputs), 0)

    def token_ids(self, model: str, count: int, answer_tokens: int | None) -> LineEstimate:
        """Of a prompt that is so many tokens already. Raises UnknownModel."""
        deployments = self._deployments(model)
        longest = self._longest_answer(deployments) if answer_tokens is None else answer_tokens
        return self._estimate(deployments, count, longest)

    def _deployments(self, model: str) -> tuple[Deployment, ...]:
        """Those that can be called; where none can, all."""
        every = tuple(member.deployment for member in self._roster.group(model).members)
        return tuple(deployment for deployment in every if deployment.unready is None) or every

    def _length(self, text: str | TokenIds, deployment: Deployment) -> int:
        if isinstance(text, str):
            return estimate_text(text, self._family_of(deployment), deployment.model)
        return len(text)

    def _longest_answer(self, deployments: Iterable[Deployment]) -> int | None:
        """The longest that any of them may give; None where it is not known of all."""
        longest = 0
        for deployment in deployments:
            known = self._profile_of(deployment).max_output_tokens
            if known is None:
                return None
            longest = max(longest, known)
        return longest

    def _estimate(
        self, deployments: Iterable[Deployment], prompt_tokens: int, answer_tokens: int | None
    ) -> LineEstimate:
        worst: float | None = 0.0
        for deployment in deployments:
            price = self._price_of(deployment)
            most = None if price is None else _most_usd(price, prompt_tokens, answer_tokens)
            worst = None if most is None or worst is None else max(worst, most)
        return LineEstimate(prompt_tokens=prompt_tokens, answer_tokens=answer_tokens, cost_usd=worst)


def _most_usd(price: Price, prompt_tokens: int, answer_tokens: int | None) -> float | None:
    """What prompt and answer cost, if all of the answer were of the dearer kind; None where that has no bound."""
    paid = price.for_prompt(prompt_tokens)
    thinks_dearly = (paid.reasoning_usd or 0.0) > paid.output_usd
    if answer_tokens is None:
        if thinks_dearly or paid.output_usd:
            return None
        answer_tokens = 0
    reasoning_tokens = answer_tokens if thinks_dearly else None
    usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=answer_tokens, reasoning_tokens=reasoning_tokens)
    return cost_usd(usage, price)
