"""The prices of the configured deployments, and of the models that wildcards stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from adapters.config.settings import Settings
from adapters.pricing.price_list import PriceList
from adapters.pricing.prices import Prices, price_of
from adapters.providers.binding import Bindings
from domain.routing.fleet import WILDCARD, Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Deployments, each with its price where one is known, and what the metering asks for prices."""

    bindings: Bindings
    prices: Prices


def with_prices(bindings: Bindings, settings: Settings) -> Priced:
    """The bindings of all of the configured deployments with their prices.

    The price list is read once, if at all, and kept only where wildcards may ask for more of it.
    """
    load = cache(PriceList.shipped)

    def priced(deployment: Deployment, overrides: Mapping[str, float]) -> Deployment:
        if WILDCARD in deployment.model:
            return deployment
        known_as = bindings.known_as(deployment.id, deployment.model)
        return replace(deployment, price=price_of(load(), deployment.provider, known_as, overrides))

    configured = tuple(zip(bindings.deployments, settings.deployments, strict=True))
    wildcards = {deployment.id: own.prices for deployment, own in configured if WILDCARD in deployment.model}
    return Priced(
        bindings=replace(bindings, deployments=tuple(priced(found, own.prices) for found, own in configured)),
        prices=Prices(wildcards, bindings.known_as, load if wildcards else PriceList.shipped),
    )
