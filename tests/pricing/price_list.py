"""The shipped price list, made from the data of the package `genai-prices`: `make prices` writes it.

Taken over are the providers that are served, and of each model the prices of standard processing that are in
force on the day: no batches, priority or flexible tiers, and of prices by the time of day the dearest.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final

from genai_prices import types as source
from genai_prices.data_snapshot import get_snapshot

from adapters.pricing.price_list import PRICES_FILE

SOURCE: Final = "genai-prices"
SOURCES: Final[Mapping[str, str]] = {
    "openai": "openai",
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "groq": "groq",
    "hyperbolic": "huggingface_hyperbolic",
    "meta_llama": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "nebius": "huggingface_nebius",
    "novita": "novita",
    "nscale": "huggingface_nscale",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "sambanova": "huggingface_sambanova",
    "together_ai": "together",
    "xai": "x-ai",
    "zai": "zai",
}
"""Our name of a provider → the package's; Hugging Face passes the prices of those that it routes to on."""

ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "azure": ("openai", "anthropic", "deepseek", "xai", "moonshot"),
    "codestral": ("mistral",),
}
"""Whose models a provider sells at their own prices, where it has none for them."""

KINDS: Final[Mapping[str, str]] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "output_reasoning_mtok": "reasoning",
    "web_searches_kcount": "web_searches",
    "requests_kcount": "requests",
}


def price_list(on: dt.date) -> dict[str, Any]:
    """The list as it is shipped, with the prices of a day."""
    sold = {provider.id: provider for provider in get_snapshot().providers}
    return {
        "source": f"https://github.com/pydantic/genai-prices, package version {version(SOURCE)}",
        "licence": "MIT, Copyright (c) Pydantic Services Inc. 2025 to present; see LICENSE.genai-prices",
        "date": on.isoformat(),
        "unit": "USD per million tokens, per thousand web_searches or requests",
        "providers": {
            name: {"also": list(ALSO.get(name, ())), "models": list(_models(sold.get(SOURCES.get(name, "")), on))}
            for name in sorted(SOURCES.keys() | ALSO.keys())
        },
    }


def rendered(prices: Mapping[str, Any]) -> str:
    """The list as JSON with a line for each model, so that a change can be read."""
    providers = prices["providers"]
    head = json.dumps({name: value for name, value in prices.items() if name != "providers"}, indent=1)[:-2]
    blocks = [
        f'  {json.dumps(name)}: {{"also": {json.dumps(entry["also"])}, "models": ['
        + ",".join(f"\n   {json.dumps(model)}" for model in entry["models"])
        + "\n  ]}"
        for name, entry in providers.items()
    ]
    return head + ',\n "providers": {\n' + ",\n".join(blocks) + "\n }\n}\n"


def _models(provider: source.Provider | None, on: dt.date) -> Iterator[dict[str, Any]]:
    for model in () if provider is None else provider.models:
        prices = _in_force(model.prices, on)
        if prices is None or prices.input_mtok is None:
            continue  # sold by the hour, by the picture, or not any more
        kinds = {kind: getattr(prices, name) for name, kind in KINDS.items()}
        entry = {"match": _pattern(model.match), **_at(kinds, 0)}
        bounds = sorted(
            {
                tier.start
                for value in kinds.values()
                if isinstance(value, source.TieredPrices)
                for tier in value.tiers
            }
        )
        if bounds:
            entry["above"] = [[bound, _at(kinds, bound + 1)] for bound in bounds]
        yield entry


def _in_force(prices: source.ModelPrice | list[source.ConditionalPrice], on: dt.date) -> source.ModelPrice | None:
    """The last price of those that start by the day, as the package would choose; by the hour, the dearest."""
    if isinstance(prices, source.ModelPrice):
        return prices
    found, hourly = None, []
    for candidate in prices:
        match candidate.constraint:
            case source.TimeOfDateConstraint():
                hourly.append(candidate.prices)
            case source.StartDateConstraint(start_date=start) if start > on:
                pass
            case _:
                found = candidate.prices
    return max((p for p in (found, *hourly) if p is not None), key=_dearness, default=None)


def _dearness(prices: source.ModelPrice) -> Decimal:
    price = prices.output_mtok
    return price if isinstance(price, Decimal) else Decimal(0)


def _at(kinds: Mapping[str, Decimal | source.TieredPrices | None], prompt_tokens: int) -> dict[str, float]:
    """The prices of a prompt of so many tokens."""
    found = {}
    for kind, value in kinds.items():
        if isinstance(value, source.TieredPrices):
            price = next((tier.price for tier in reversed(value.tiers) if prompt_tokens > tier.start), value.base)
        elif value is None:
            continue
        else:
            price = value
        found[kind] = int(price) if price == int(price) else float(price)
    return found


def _pattern(clause: object) -> list[Any]:
    """Alternatives: `x`, `x*`, `*x`, `*x*`, `^regular expression`, or a list of such that match together."""
    match clause:
        case source.ClauseOr(or_=clauses):
            return [pattern for clause in clauses for pattern in _pattern(clause)]
        case source.ClauseAnd(and_=clauses):
            return [[pattern for clause in clauses for pattern in _single(clause)]]
        case _:
            return _single(clause)


def _single(clause: object) -> list[str]:
    match clause:
        case source.ClauseEquals(equals=text):
            return [_literal(text)]
        case source.ClauseStartsWith(starts_with=text):
            return [_literal(text) + "*"]
        case source.ClauseEndsWith(ends_with=text):
            return ["*" + _literal(text)]
        case source.ClauseContains(contains=text):
            return ["*" + _literal(text) + "*"]
        case source.ClauseRegex(regex=text):
            if not text.startswith("^"):
                raise ValueError(f"expected an anchored expression, got {text!r}")
            return [text]
        case _:
            raise TypeError(f"expected a clause that stands alone, got {clause!r}")


def _literal(text: str) -> str:
    if "*" in text or text.startswith("^"):
        raise ValueError(f"expected a literal without the marks of patterns, got {text!r}")
    return text.lower()


def main(arguments: Iterable[str]) -> None:
    """Write the list with the prices of the day given, or of today."""
    day = next(iter(arguments), None)
    on = dt.datetime.now(dt.UTC).date() if day is None else dt.date.fromisoformat(day)
    PRICES_FILE.write_text(rendered(price_list(on)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
