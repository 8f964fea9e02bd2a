"""Counting: the upstream's word, else an estimate."""

from collections.abc import Mapping

import pytest

from application.chat_call import ChatCall
from application.count_tokens import CountTokens, TokenCount
from domain.chat.loss import Loss, LossKind
from domain.errors import ErrorKind, FeatherGateError, UnknownModel, UnsupportedFeature, UpstreamRejected
from domain.json_types import JSON
from domain.models.token_estimate import estimate_tokens
from domain.routing.fleet import Deployment
from domain.routing.wishes import FallbackTarget, RoutingWishes
from tests.application.fakes import Document, ManualClock, chat_call
from tests.application.routed import attempts_over, courses_over

DEPLOYMENT = Deployment(id="d", group="gpt-4o", provider="openai", model="up")


class ScriptedCounter:
    def __init__(self, outcome: int | FeatherGateError | None, clock: ManualClock) -> None:
        self._outcome = outcome
        self._clock = clock

    async def count(self, deployment: Deployment, call: ChatCall) -> int | None:
        assert deployment is DEPLOYMENT
        self._clock.now_s += 2
        if isinstance(self._outcome, FeatherGateError):
            raise self._outcome
        return self._outcome


async def counted(outcome: int | FeatherGateError | None, call: ChatCall | None = None) -> TokenCount:
    clock = ManualClock()
    attempts = attempts_over([DEPLOYMENT], clock)
    counter = ScriptedCounter(outcome, clock)
    use_case = CountTokens(attempts, courses_over(attempts), counter, clock, lambda _: "anthropic")
    return await use_case.run(call or chat_call())


async def test_the_upstreams_count() -> None:
    call = chat_call()
    assert await counted(7, call) == TokenCount(tokens=7, estimated=False, deployment=DEPLOYMENT, call=call)
    record = call.record
    assert (record.group, record.deployment, record.upstream_model, record.upstream_s) == ("gpt-4o", "d", "up", 2)


@pytest.mark.parametrize("outcome", [None, UpstreamRejected("no such path", kind=ErrorKind.NOT_FOUND)])
async def test_an_estimate_where_there_is_no_endpoint(outcome: FeatherGateError | None) -> None:
    count = await counted(outcome)
    assert count.estimated
    assert count.tokens == estimate_tokens(Document().canonical(), "anthropic")


@pytest.mark.parametrize(
    "error",
    [UpstreamRejected("slow down", kind=ErrorKind.RATE_LIMIT), UnsupportedFeature("no"), UnknownModel("no such")],
)
async def test_other_failures_stay_failures(error: FeatherGateError) -> None:
    with pytest.raises(type(error)) as raised:
        await counted(error)
    assert (raised.value.provider, raised.value.model) == ("openai", "up")


async def test_models_that_nobody_serves() -> None:
    with pytest.raises(UnknownModel):
        await counted(1, chat_call("nobody"))


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (None, UnsupportedFeature),
        (UpstreamRejected("no such response", kind=ErrorKind.NOT_FOUND), UpstreamRejected),
    ],
)
async def test_what_an_upstream_keeps_is_not_estimated(
    outcome: FeatherGateError | None, error: type[FeatherGateError]
) -> None:
    assert (await counted(7, chat_call(stateful=True))).tokens == 7
    with pytest.raises(error):
        await counted(outcome, chat_call(stateful=True))


async def test_what_a_fallback_changes_is_counted() -> None:
    class Changing(Document):
        def changed(self, model: str, changes: Mapping[str, JSON]) -> Document:
            other = Document()
            other.told = model, changes  # type: ignore[attr-defined]  # only this test looks at it
            return other

    class Counter:
        async def count(self, deployment: Deployment, call: ChatCall) -> int | None:
            if deployment is DEPLOYMENT:
                call.losses.append(Loss("dropped_param", "/user", "no such member", LossKind.PARAMETER))
                raise UpstreamRejected("away", kind=ErrorKind.SERVER)
            assert call.document.told == ("spare", {"user": "x"})  # type: ignore[attr-defined]  # as above
            return 5

    spare = Deployment(id="s", group="spare", provider="openai", model="other")
    attempts = attempts_over([DEPLOYMENT, spare], clock := ManualClock())
    use_case = CountTokens(attempts, courses_over(attempts), Counter(), clock, lambda _: "openai")
    wishes = RoutingWishes(fallbacks=(FallbackTarget(model="spare", changes={"user": "x"}),))
    count = await use_case.run(chat_call(document=Changing(), wishes=wishes))
    assert (count.tokens, count.deployment, count.call.model) == (5, spare, "spare")
    assert count.call.losses == []
