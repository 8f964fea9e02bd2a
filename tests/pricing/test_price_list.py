"""The shipped price list: public prices of known models, how ids are matched, and where it comes from."""

import datetime as dt
import json
from importlib.metadata import version

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import TieredPrices

from adapters.pricing.price_list import PRICES_FILE, PriceList
from adapters.providers.registry import PROVIDERS
from domain.pricing.price import Price
from tests.pricing.price_list import ALSO, SOURCES, price_list, rendered


@pytest.fixture(scope="module")
def prices() -> PriceList:
    return PriceList.shipped()


def per_million(price: Price | None) -> tuple[float, float] | None:
    return None if price is None else (round(price.input_usd * 1e6, 9), round(price.output_usd * 1e6, 9))


@pytest.mark.parametrize(
    ("provider", "model", "usd"),
    [
        ("openai", "gpt-4o", (2.5, 10)),
        ("openai", "gpt-4o-mini", (0.15, 0.6)),
        ("openai", "gpt-4.1", (2, 8)),
        ("openai", "gpt-5", (1.25, 10)),
        ("openai", "o3-mini", (1.1, 4.4)),
        ("openai", "text-embedding-3-small", (0.02, 0)),
        ("anthropic", "claude-sonnet-4-5", (3, 15)),
        ("anthropic", "claude-3-5-haiku-20241022", (0.8, 4)),
        ("anthropic", "claude-3-opus-latest", (15, 75)),
        ("gemini", "gemini-2.5-pro", (1.25, 10)),
        ("gemini", "gemini-2.5-flash", (0.3, 2.5)),
        ("groq", "llama-3.3-70b-versatile", (0.59, 0.79)),
        ("deepseek", "deepseek-chat", (0.27, 1.1)),
        ("openrouter", "anthropic/claude-sonnet-4.5", (3, 15)),
        ("together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo", (0.88, 0.88)),
    ],
)
def test_known_models_have_their_public_price(
    prices: PriceList, provider: str, model: str, usd: tuple[float, float]
) -> None:
    assert per_million(prices.price_for(provider, model)) == usd


@pytest.mark.parametrize(
    ("provider", "model", "same"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("openai", "gpt-4o-20241120", "gpt-4o"),
        ("openai", "GPT-5-2099-12-31", "gpt-5"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("anthropic", "claude-opus-5-5-20991231", "claude-opus-5-5"),
        ("gemini", "gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("azure", "gpt-4o-2024-08-06", "gpt-4o"),
    ],
)
def test_dated_ids_have_the_price_of_their_model(prices: PriceList, provider: str, model: str, same: str) -> None:
    price = prices.price_for(provider, model)
    assert price is not None
    assert price == prices.price_for(provider, same)


def test_a_date_with_a_price_of_its_own_keeps_it(prices: PriceList) -> None:
    assert per_million(prices.price_for("openai", "gpt-4o-2024-05-13")) == (5, 15)


def test_who_sells_the_models_of_others_has_their_prices(prices: PriceList) -> None:
    assert prices.price_for("azure", "claude-sonnet-4-5") == prices.price_for("anthropic", "claude-sonnet-4-5")
    assert prices.price_for("codestral", "codestral-latest") == prices.price_for("mistral", "codestral-latest")
    assert prices.price_for("gemini", "gpt-4o") is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "my-own"), ("azure", "prod"), ("ollama", "llama3"), ("", ""), ("openai", "")],
)
def test_what_nobody_knows_has_no_price(prices: PriceList, provider: str, model: str) -> None:
    assert prices.price_for(provider, model) is None


def test_kinds_and_tiers_are_known(prices: PriceList) -> None:
    sonnet = prices.price_for("anthropic", "claude-sonnet-4-5")
    assert sonnet is not None
    assert (sonnet.cache_read_usd, sonnet.cache_write_usd, sonnet.cache_write_1h_usd) == (3e-7, 3.75e-6, 6e-6)
    assert sonnet.web_search_usd == 0.01
    pro = prices.price_for("gemini", "gemini-2.5-pro")
    assert pro is not None
    assert per_million(pro.for_prompt(200_000)) == (1.25, 10)
    assert per_million(pro.for_prompt(200_001)) == (2.5, 15)
    assert pro.for_prompt(200_001).cache_read_usd == 2.5e-7


def test_every_provider_of_the_list_is_served(prices: PriceList) -> None:
    assert set(prices.providers()) == SOURCES.keys() | ALSO.keys()
    assert set(prices.providers()) <= PROVIDERS.keys()


def test_it_tells_its_day_and_origin(prices: PriceList) -> None:
    assert dt.date.fromisoformat(prices.date) >= dt.date(2026, 11, 22)
    assert prices.source.startswith("https://github.com/pydantic/genai-prices")
    assert PRICES_FILE.with_name("LICENSE.genai-prices").read_text("utf-8").startswith("The MIT License")


def test_it_is_what_the_installed_package_says(prices: PriceList) -> None:
    """`make prices` writes the same again; of another version the new list must be readable all the same."""
    made = rendered(price_list(dt.date.fromisoformat(prices.date)))
    assert PriceList(made.encode()).date == prices.date
    assert json.loads(made)["providers"].keys() == set(prices.providers())
    if prices.source.endswith(version("genai-prices")):
        assert made == PRICES_FILE.read_text("utf-8")


def test_models_are_matched_as_the_package_matches_them(prices: PriceList) -> None:
    """Every id by which the package knows a model finds a price exactly where the package's own search does."""
    theirs = get_snapshot().providers
    compared = 0
    for ours, source in SOURCES.items():
        provider = next(provider for provider in theirs if provider.id == source)
        for model in provider.models:
            found = provider.find_model(model.id, all_providers=theirs)
            if found is None or found not in provider.models or isinstance(found.prices, list):
                continue
            price = found.prices.input_mtok
            base = price.base if isinstance(price, TieredPrices) else price
            listed = prices.price_for(ours, model.id)
            if base is not None:
                assert listed is not None
                assert listed.input_usd == pytest.approx(float(base) / 1e6)
                compared += 1
    assert compared > 300
