"""What the operator says of prices, and the prices of wildcards' models."""

from dataclasses import replace

import pytest

from adapters.pricing.price_list import PriceList
from adapters.pricing.prices import MAX_REMEMBERED, Prices, price_of
from domain.pricing.price import Price, PriceTier
from domain.routing.fleet import Deployment

LIST = PriceList(
    b"""{"date": "2026-11-22", "source": "a test", "providers": {"p": {"models": [
        {"match": ["m*"], "input": 2, "output": 8, "cache_read": 1, "reasoning": 9,
         "above": [[1000, {"input": 4, "output": 16, "cache_read": 2}]]}]}}}"""
)
LONG = Price(input_usd=4e-6, output_usd=16e-6, cache_read_usd=2e-6)
LISTED = Price(
    input_usd=2e-6,
    output_usd=8e-6,
    cache_read_usd=1e-6,
    reasoning_usd=9e-6,
    tiers=(PriceTier(1000, LONG),),
)


def test_without_a_word_from_the_operator_the_list_counts() -> None:
    assert price_of(LIST, "p", "m", {}) == LISTED
    assert price_of(LIST, "p", "x", {}) is None


def test_the_price_of_prompts_is_that_of_all_their_tokens() -> None:
    own = price_of(LIST, "p", "m", {"input_cost_per_token": 1e-7})
    assert own == replace(
        LISTED,
        input_usd=1e-7,
        cache_read_usd=None,
        tiers=(PriceTier(1000, replace(LONG, input_usd=1e-7, cache_read_usd=None)),),
    )


def test_the_price_of_answers_is_that_of_all_their_tokens() -> None:
    own = price_of(LIST, "p", "m", {"output_cost_per_token": 0.0})
    assert own is not None
    assert (own.output_usd, own.reasoning_usd, own.input_usd, own.cache_read_usd) == (0.0, None, 2e-6, 1e-6)


def test_prices_of_parts_stand_beside_those_of_the_whole() -> None:
    own = price_of(
        LIST,
        "p",
        "unknown-to-the-list",
        {
            "input_cost_per_token": 1.0,
            "output_cost_per_token": 2.0,
            "cache_read_input_token_cost": 0.1,
            "cache_creation_input_token_cost": 1.25,
            "output_cost_per_reasoning_token": 3.0,
        },
    )
    assert own == Price(input_usd=1.0, output_usd=2.0, cache_read_usd=0.1, cache_write_usd=1.25, reasoning_usd=3.0)


def test_the_price_of_a_part_alone_is_no_price() -> None:
    assert price_of(LIST, "p", "unknown-to-the-list", {"cache_read_input_token_cost": 0.1}) is None
    part = price_of(LIST, "p", "m", {"cache_read_input_token_cost": 0.1})
    assert part is not None
    assert (part.input_usd, part.cache_read_usd) == (2e-6, 0.1)


def deployment(model: str, ident: str = "wild", price: Price | None = None) -> Deployment:
    return Deployment(id=ident, group="*", provider="p", model=model, price=price)


def as_asked(identity: str, model: str) -> str:
    return model


def test_wildcards_have_the_price_of_the_model_that_is_asked_for() -> None:
    loads = []

    def load() -> PriceList:
        loads.append(1)
        return LIST

    prices = Prices({"wild": {}, "own": {"output_cost_per_token": 1.0}}, as_asked, load)
    assert prices(deployment("x", "fixed", LONG)) is LONG
    assert prices(deployment("m", "fixed")) is None
    assert loads == []
    for _ in range(3):
        assert prices(deployment("m-1")) == LISTED
        assert prices(deployment("x")) is None
    own = prices(deployment("m-1", "own"))
    assert own is not None
    assert own.output_usd == 1.0
    assert loads == [1]


def test_what_is_remembered_of_wildcards_is_bounded() -> None:
    prices = Prices({"wild": {}}, as_asked, lambda: LIST)
    for number in range(MAX_REMEMBERED + 10):
        prices(deployment(f"m-{number}"))
    assert prices._remembered.cache_info().currsize == MAX_REMEMBERED


@pytest.mark.parametrize("model", ["m", "m-2026-01-01", "M-20260101"])
def test_dates_and_cases_do_not_matter(model: str) -> None:
    assert LIST.price_for("p", model) == LISTED
