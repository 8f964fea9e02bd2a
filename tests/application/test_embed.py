"""Embedding: one deployment, its usage in the record, losses as the operator accepts them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from application.call_record import CallRecord
from application.embed import Embed
from application.embedding_call import EmbeddingCall
from application.ports.embedder import RelayedEmbeddings
from domain.chat.loss import Loss, LossKind, LossPolicy
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse
from domain.errors import FeatherGateError, UnsupportedFeature, UpstreamTimeout
from domain.json_types import JSON
from domain.pricing.price import Price
from domain.routing.fleet import Deployment
from domain.routing.policy import RoutingPolicy
from domain.routing.wishes import RoutingWishes
from tests.application.fakes import ManualClock
from tests.application.routed import BILLING, attempts_over

PRICE = Price(input_usd=2e-6)
DEPLOYMENT = Deployment(id="d", group="embedder", provider="gemini", model="gemini-embedding-001", price=PRICE)
DROPPED = Loss("dropped_param", "/user", "no such member", LossKind.PARAMETER)


class Asked:
    def canonical(self) -> EmbeddingRequest:
        return EmbeddingRequest(model="embedder", inputs=("hi",))

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "Asked":
        return self


def embedding_call(**fields: bool | None) -> EmbeddingCall:
    record = CallRecord(request_id="req", route="/v1/embeddings", received_s=99.0)
    call = EmbeddingCall(request_id="req", model="embedder", document=Asked(), record=record)
    for name, value in fields.items():
        setattr(call, name, value)
    return call


class ScriptedEmbedder:
    def __init__(
        self, outcome: EmbeddingResponse | RelayedEmbeddings | FeatherGateError, clock: ManualClock
    ) -> None:
        self._outcome = outcome
        self._clock = clock

    async def embed(self, deployment: Deployment, call: EmbeddingCall) -> EmbeddingResponse | RelayedEmbeddings:
        self._clock.now_s += 3
        if isinstance(self._outcome, FeatherGateError):
            raise self._outcome
        return self._outcome


def embed(outcome: EmbeddingResponse | RelayedEmbeddings | FeatherGateError) -> Embed:
    clock = ManualClock()
    return Embed(attempts_over([DEPLOYMENT], clock), ScriptedEmbedder(outcome, clock), clock, BILLING.price_of)


@pytest.mark.parametrize(
    "answer",
    [
        EmbeddingResponse(vectors=((1.0,),), usage=Usage(prompt_tokens=2)),
        RelayedEmbeddings(body=b"{}", usage=Usage(prompt_tokens=2)),
    ],
)
async def test_usage_and_deployment_are_recorded(answer: EmbeddingResponse | RelayedEmbeddings) -> None:
    call = embedding_call()
    embedded = await embed(answer).run(call)
    assert (embedded.answer, embedded.deployment) == (answer, DEPLOYMENT)
    record = call.record
    assert (record.usage, record.cost_usd) == (Usage(prompt_tokens=2), 4e-6)
    assert (record.deployment, record.provider, record.upstream_s) == ("d", "gemini", 3)


async def test_failures_tell_where() -> None:
    with pytest.raises(UpstreamTimeout) as raised:
        await embed(UpstreamTimeout("too late")).run(embedding_call())
    assert (raised.value.provider, raised.value.model) == ("gemini", "gemini-embedding-001")


def test_losses_are_refused_where_they_may_not_be() -> None:
    call = embedding_call()
    call.accept([DROPPED], DEPLOYMENT)
    assert call.losses == [DROPPED]
    careful = Deployment(id="c", group="g", provider="p", model="m", loss_policy=LossPolicy(drop_params=False))
    for refusing, deployment in (
        (embedding_call(strict=True), DEPLOYMENT),
        (embedding_call(drop_params=False), DEPLOYMENT),
        (embedding_call(), careful),
    ):
        with pytest.raises(UnsupportedFeature):
            refusing.accept([DROPPED], deployment)
        assert refusing.losses == []


async def test_tags_choose_among_embedders_too() -> None:
    free, paid = (replace(DEPLOYMENT, id=tag, tags=(tag,)) for tag in ("free", "paid"))
    clock = ManualClock()
    attempts = attempts_over([free, paid], clock, RoutingPolicy(tag_filtering=True))
    answer = EmbeddingResponse(vectors=((1.0,),), usage=Usage(prompt_tokens=2))
    use_case = Embed(attempts, ScriptedEmbedder(answer, clock), clock, lambda deployment: None)
    call = embedding_call()
    call.wishes = RoutingWishes(tags=("paid",))
    assert (await use_case.run(call)).deployment is paid
