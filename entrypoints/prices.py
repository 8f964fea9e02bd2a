"""The prices of the configured deployments, and of the models that wildcards stand for."""

from collections.abc import Iterable
from dataclasses import replace

from adapters.config.settings import Settings
from adapters.pricing.price_list import PriceList
from adapters.pricing.prices import Prices, price_of
from adapters.providers.binding import Bindings
from adapters.providers.deployment_spec import DeploymentSpec
from domain.pricing.price import Price
from domain.routing.fleet import WILDCARD, Deployment


def with_prices(bindings: Bindings, specs: Iterable[DeploymentSpec]) -> Bindings:
    """The bindings of all of `specs`, each deployment with its price where one is known."""
    prices = PriceList.shipped()
    deployments = (
        deployment if WILDCARD in deployment.model else replace(deployment, price=_price(prices, deployment, spec))
        for deployment, spec in zip(bindings.deployments, specs, strict=True)
    )
    return replace(bindings, deployments=tuple(deployments))


def prices_of(bindings: Bindings, settings: Settings) -> Prices:
    """What the metering asks for prices."""
    configured = zip(bindings.deployments, settings.deployments, strict=True)
    wildcards = {deployment.id: own.prices for deployment, own in configured if WILDCARD in deployment.model}
    return Prices(wildcards, PriceList.shipped)


def _price(prices: PriceList, deployment: Deployment, spec: DeploymentSpec) -> Price | None:
    """The price of a deployment with a concrete model, or of the model that is said to be behind it."""
    return price_of(prices, deployment.provider, spec.model_info.base_model or deployment.model, spec.prices)
