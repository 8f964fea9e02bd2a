"""What a deployment's tokens cost: the price list's word, and the operator's where he says something else."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from adapters.pricing.price_list import PriceList
from domain.pricing.price import Price
from domain.routing.fleet import Deployment

MAX_REMEMBERED: Final = 1_024
"""Of so many models that wildcards stand for the prices are kept."""

_FREE: Final = Price(input_usd=0.0)
_INPUT: Final = "input_cost_per_token"
_OUTPUT: Final = "output_cost_per_token"


def price_of(prices: PriceList, provider: str, model: str, overrides: Mapping[str, float]) -> Price | None:
    """The price of `model`, of which the operator sets what is in `overrides`; None where nobody knows it.

    Overrides are USD per token by litellm's keys (docs.litellm.ai/docs/proxy/custom_pricing, 2026-11). Who sets
    the price of prompts or of answers sets that of all their tokens, however long the prompt; what he sets for
    cached or reasoning tokens counts beside it.
    """
    listed = prices.price_for(provider, model)
    if not overrides:
        return listed
    if listed is None and _INPUT not in overrides and _OUTPUT not in overrides:
        return None
    price = _overridden(listed or _FREE, overrides)
    return replace(
        price, tiers=tuple(replace(tier, price=_overridden(tier.price, overrides)) for tier in price.tiers)
    )


def _overridden(price: Price, own: Mapping[str, float]) -> Price:
    if _INPUT in own:
        price = replace(
            price,
            input_usd=own[_INPUT],
            cache_read_usd=None,
            cache_write_usd=None,
            cache_write_1h_usd=None,
            audio_input_usd=None,
        )
    if _OUTPUT in own:
        price = replace(price, output_usd=own[_OUTPUT], reasoning_usd=None, audio_output_usd=None)
    return replace(
        price,
        cache_read_usd=own.get("cache_read_input_token_cost", price.cache_read_usd),
        cache_write_usd=own.get("cache_creation_input_token_cost", price.cache_write_usd),
        reasoning_usd=own.get("output_cost_per_reasoning_token", price.reasoning_usd),
    )


class Prices:
    """What deployments cost: known since the start, or looked up when a wildcard's model is first asked for.

    wildcards: ids of deployments with a wildcard → what the operator sets for them.
    known_as:  gives what the list calls a model, by the id of its deployment and what was asked for.
    load:      gives the price list; called when it is first needed.
    """

    def __init__(
        self,
        wildcards: Mapping[str, Mapping[str, float]],
        known_as: Callable[[str, str], str],
        load: Callable[[], PriceList],
    ) -> None:
        self._wildcards = wildcards
        self._known_as = known_as
        self._load = load
        self._list: PriceList | None = None
        self._remembered = lru_cache(maxsize=MAX_REMEMBERED)(self._looked_up)

    def __call__(self, deployment: Deployment) -> Price | None:
        """The price of `deployment`, which has a concrete model; None where it is not known."""
        if deployment.price is not None:
            return deployment.price
        return self._remembered(deployment.id, deployment.provider, deployment.model)

    def _looked_up(self, identity: str, provider: str, model: str) -> Price | None:
        overrides = self._wildcards.get(identity)
        if overrides is None:
            return None
        if self._list is None:
            self._list = self._load()
        return price_of(self._list, provider, self._known_as(identity, model), overrides)
