"""What a line takes of the minute and of the money, before and after it is answered."""

from math import inf

import pytest

from domain.batch.allowance import TOKENS_OF_A_FIRST_ANSWER, Allowance, Need
from domain.batch.line import LineEstimate
from domain.chat.usage import Usage
from domain.errors import UpstreamTimeout
from tests.domain.batch.outcomes import outcome


def estimate(prompt: int = 10, answer: int | None = None, cost_usd: float | None = 0.0) -> LineEstimate:
    return LineEstimate(prompt_tokens=prompt, answer_tokens=answer, cost_usd=cost_usd)


def allowance(rpm: float | None = None, tpm: float | None = None, budget_usd: float | None = None) -> Allowance:
    return Allowance(rpm=rpm, tpm=tpm, budget_usd=budget_usd)


def test_an_answer_is_taken_to_be_as_long_as_they_are_and_no_longer_than_it_may_be() -> None:
    allowed = allowance(tpm=1_000)
    assert allowed.need(estimate()).tokens == 10 + TOKENS_OF_A_FIRST_ANSWER
    assert allowed.need(estimate(answer=7)).tokens == 17
    for completion in (100, 0, None, 300):
        usage = Usage(prompt_tokens=10, completion_tokens=completion)
        allowed.settle(allowed.need(estimate()), outcome(usage=usage))
    assert allowed.need(estimate()).tokens == 210
    assert allowed.need(estimate(answer=4_096)).tokens == 210
    assert allowed.need(estimate(answer=20)).tokens == 30


def test_its_own_tokens_count_when_it_is_there() -> None:
    allowed = allowance(tpm=600)
    need = Need(100.0, 0.0)
    allowed.take(0.0, need)
    owed_s = allowed.wait_s(0.0, Need(10.0, 0.0))
    allowed.settle(need, outcome(usage=Usage(prompt_tokens=4, completion_tokens=1)))
    assert owed_s > 9.0
    assert allowed.wait_s(0.0, Need(5.0, 0.0)) == 0.0


@pytest.mark.parametrize("usage", [None, Usage(prompt_tokens=1)])
def test_what_nobody_counted_is_what_was_thought(usage: Usage | None) -> None:
    allowed = allowance(tpm=600)
    need = Need(100.0, 0.0)
    allowed.take(0.0, need)
    owed_s = allowed.wait_s(0.0, need)
    allowed.settle(need, outcome(usage=usage))
    assert allowed.wait_s(0.0, need) == owed_s


def test_the_scarcer_one_decides() -> None:
    allowed = allowance(rpm=60, tpm=60)
    assert allowed.wait_s(0.0, Need(1.0, 0.0)) == 0.0
    allowed.take(0.0, Need(30.0, 0.0))
    assert allowed.wait_s(0.0, Need(1.0, 0.0)) == pytest.approx(30.0)


def test_an_unknown_price_fits_no_budget_and_matters_to_nobody_else() -> None:
    need = allowance().need(estimate(cost_usd=None))
    assert need.cost_usd == inf
    assert not allowance(budget_usd=1e6).affords(need)
    assert allowance(rpm=1, tpm=1).affords(need)


@pytest.mark.parametrize(
    ("failed", "cost_usd", "left_usd"),
    [(False, 0.25, 0.75), (True, 0.25, 0.75), (False, None, 0.5), (True, None, 1.0)],
)
def test_money_comes_back_that_was_not_spent(failed: bool, cost_usd: float | None, left_usd: float) -> None:
    allowed = allowance(budget_usd=1.0)
    need = Need(0.0, 0.5)
    allowed.take(0.0, need)
    allowed.settle(need, outcome(UpstreamTimeout("slow") if failed else None, cost_usd=cost_usd))
    assert allowed.affords(Need(0.0, left_usd))
    assert not allowed.affords(Need(0.0, left_usd + 1e-6))


@pytest.mark.parametrize(
    ("limits", "wanted"), [({}, False), ({"rpm": 1}, False), ({"tpm": 1}, True), ({"budget_usd": 1}, True)]
)
def test_estimates_are_wanted_only_where_they_matter(limits: dict[str, float], wanted: bool) -> None:
    assert allowance(**limits).wants_estimates is wanted
