"""The arithmetic of bills: every token is paid once, by the price of what it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.usage import Usage
from domain.pricing.cost import completion_cost_usd, cost_usd, plain_usd, prompt_cost_usd
from domain.pricing.price import Price, PriceTier

TOKENS = st.integers(0, 2_000_000)
COUNTS = st.none() | TOKENS
USD = st.sampled_from((0.0, 1e-8, 1.5e-7, 2.5e-6, 1.5e-5, 6e-4))
LATER_PRICES = st.none() | USD


def plain_prices() -> st.SearchStrategy[Price]:
    return st.builds(
        Price,
        input_usd=USD,
        output_usd=USD,
        cache_read_usd=LATER_PRICES,
        cache_write_usd=LATER_PRICES,
        cache_write_1h_usd=LATER_PRICES,
        audio_input_usd=LATER_PRICES,
        reasoning_usd=LATER_PRICES,
        audio_output_usd=LATER_PRICES,
        web_search_usd=st.sampled_from((0.0, 0.01)),
        request_usd=st.sampled_from((0.0, 0.005)),
    )


@st.composite
def prices(draw: st.DrawFn) -> Price:
    bounds = sorted(draw(st.sets(st.sampled_from((0, 1, 1_000, 128_000, 200_000)), max_size=2)))
    tiers = tuple(PriceTier(bound, draw(plain_prices())) for bound in bounds)
    return replace(draw(plain_prices()), tiers=tiers)


def usages(counts: st.SearchStrategy[int | None] = COUNTS) -> st.SearchStrategy[Usage]:
    return st.builds(
        Usage,
        prompt_tokens=counts,
        completion_tokens=counts,
        cache_read_tokens=counts,
        cache_write_tokens=counts,
        cache_write_tokens_by_ttl=st.dictionaries(st.sampled_from(("5m", "1h")), TOKENS),
        reasoning_tokens=counts,
        audio_prompt_tokens=counts,
        audio_completion_tokens=counts,
        server_tool_calls=st.dictionaries(st.sampled_from(("web_search", "web_fetch")), st.integers(0, 9)),
    )


@given(usages(st.none() | st.integers(-1_000, 1_000)), prices())
def test_nobody_is_paid_for_asking(usage: Usage, price: Price) -> None:
    assert cost_usd(usage, price) >= 0


@given(usages(), prices())
def test_parts_sum_to_the_whole(usage: Usage, price: Price) -> None:
    own = price.for_prompt(usage.prompt_tokens or 0)
    searches = usage.server_tool_calls.get("web_search", 0)
    parts = (
        prompt_cost_usd(usage, own),
        completion_cost_usd(usage, own),
        own.request_usd,
        searches * own.web_search_usd,
    )
    assert cost_usd(usage, price) == pytest.approx(sum(parts))


@given(usages(), USD)
def test_every_token_is_paid_once(usage: Usage, usd: float) -> None:
    """Where all kinds cost the same it does not matter of what kind a token is."""
    price = Price(
        input_usd=usd,
        output_usd=usd,
        cache_read_usd=usd,
        cache_write_usd=usd,
        cache_write_1h_usd=usd,
        audio_input_usd=usd,
        reasoning_usd=usd,
        audio_output_usd=usd,
    )
    tokens = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
    assert cost_usd(usage, price) == pytest.approx(tokens * usd)


@given(usages(), plain_prices(), TOKENS, TOKENS)
def test_more_tokens_never_cost_less(usage: Usage, price: Price, prompt: int, completion: int) -> None:
    more = replace(
        usage,
        prompt_tokens=(usage.prompt_tokens or 0) + prompt,
        completion_tokens=(usage.completion_tokens or 0) + completion,
    )
    assert cost_usd(more, price) >= cost_usd(usage, price) - 1e-9


@given(usages(), plain_prices())
def test_kinds_without_a_price_cost_as_what_they_are_part_of(usage: Usage, price: Price) -> None:
    bare = Price(input_usd=price.input_usd, output_usd=price.output_usd)
    plain = Usage(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)
    assert cost_usd(usage, bare) == pytest.approx(cost_usd(plain, bare))


def test_a_cached_prompt_is_paid_by_its_kinds() -> None:
    price = Price(
        input_usd=3e-6, output_usd=15e-6, cache_read_usd=0.3e-6, cache_write_usd=3.75e-6, cache_write_1h_usd=6e-6
    )
    usage = Usage(
        prompt_tokens=10_000,
        completion_tokens=100,
        cache_read_tokens=7_000,
        cache_write_tokens=2_000,
        cache_write_tokens_by_ttl={"1h": 500, "5m": 1_500},
    )
    expected = 1_000 * 3e-6 + 7_000 * 0.3e-6 + 1_500 * 3.75e-6 + 500 * 6e-6 + 100 * 15e-6
    assert cost_usd(usage, price) == pytest.approx(expected)


@pytest.mark.parametrize(("tokens", "rate"), [(200_000, 1.0), (200_001, 2.0), (500_001, 4.0)])
def test_long_prompts_are_paid_by_their_tier_whole(tokens: int, rate: float) -> None:
    tiers = (PriceTier(200_000, Price(input_usd=2.0, output_usd=20.0)), PriceTier(500_000, Price(input_usd=4.0)))
    price = Price(input_usd=1.0, output_usd=10.0, tiers=tiers)
    assert cost_usd(Usage(prompt_tokens=tokens), price) == tokens * rate


@pytest.mark.parametrize(
    ("usd", "told"), [(0.0, "0"), (1.25e-05, "0.0000125"), (3.0, "3"), (0.1 + 0.2, "0.3"), (1e-9, "0.000000001")]
)
def test_amounts_are_plain_decimals(usd: float, told: str) -> None:
    assert plain_usd(usd) == told
