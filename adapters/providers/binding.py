"""From what the operator configured to deployments that can be called, and the reasons of those that cannot."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from adapters.dialects.reasoning_wish import asks_to_reason
from adapters.providers.accounts import Accounts
from adapters.providers.credentials import Environment
from adapters.providers.deployment_spec import DeploymentSpec, ModelInfo
from adapters.providers.naming import NotServed, resolve
from adapters.providers.route import Route, profile_of
from adapters.providers.route_making import Unreachable, make_route
from adapters.upstream.port import DEFAULT_LIMITS, Limits
from domain.chat.loss import LossPolicy
from domain.routing.fleet import WILDCARD, Deployment


@dataclass(frozen=True, slots=True)
class BindingMistake:
    """A deployment that cannot mean anything; `message` says what was expected and what to write."""

    spec: DeploymentSpec
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The outcome of `bind`: deployments in the order of their specs, and how each is answered, by its id.

    routes: those reached over HTTP. mocks: those with a canned answer. All other ready ones answer in process.
    infos:  what the operator says of each one's model.
    """

    deployments: tuple[Deployment, ...]
    routes: Mapping[str, Route]
    mocks: Mapping[str, str]
    infos: Mapping[str, ModelInfo]
    mistakes: tuple[BindingMistake, ...]

    def known_as(self, identity: str, model: str) -> str:
        """What price lists call the `model` of the deployment with that id, a concrete one also of a wildcard."""
        route = self.routes.get(identity)
        return self.infos[identity].base_model or (model if route is None else route.models.own_id(model))


def bind(
    specs: Iterable[DeploymentSpec], environment: Environment, *, limits: Limits = DEFAULT_LIMITS
) -> Bindings:
    """Settle everything about `specs` that can be settled before the first call.

    Never raises: mistakes are collected and returned, a deployment that lacks its key or address is there and
    unready.
    """
    deployments: list[Deployment] = []
    accounts = Accounts()
    routes: dict[str, Route] = {}
    mocks: dict[str, str] = {}
    infos: dict[str, ModelInfo] = {}
    mistakes: list[BindingMistake] = []
    taken: set[str] = set()
    for spec in specs:
        try:
            bound = _bound(spec, environment, limits)
        except ValueError as mistake:
            mistakes.append(BindingMistake(spec, str(mistake)))
            continue
        deployment = _with_own_id(bound.deployment, taken)
        if bound.route is not None:
            deployment = replace(deployment, account=accounts.of(bound.route))
        deployments.append(deployment)
        infos[deployment.id] = spec.model_info
        if spec.mock_response is not None:
            mocks[deployment.id] = spec.mock_response
        elif bound.route is not None:
            routes[deployment.id] = bound.route
    return Bindings(
        deployments=tuple(deployments),
        routes=MappingProxyType(routes),
        mocks=MappingProxyType(mocks),
        infos=MappingProxyType(infos),
        mistakes=tuple(mistakes),
    )


@dataclass(frozen=True, slots=True)
class _Bound:
    deployment: Deployment
    route: Route | None = None


def _bound(spec: DeploymentSpec, environment: Environment, limits: Limits) -> _Bound:
    named = resolve(spec)
    if isinstance(named, NotServed):
        return _Bound(_deployment(spec, named.provider, named.model, unready=named.reason))
    provider = named.provider
    if WILDCARD in named.model and WILDCARD not in spec.group:
        raise ValueError(
            f"model: {spec.model!r} has a wildcard, so model_name must have one too: {provider.name}/*"
        )
    if spec.mock_response is not None or not provider.wires:
        return _Bound(_deployment(spec, provider.name, named.model))
    made = make_route(spec, named, environment, limits=limits)
    if isinstance(made, Unreachable):
        return _Bound(_deployment(spec, provider.name, named.model, unready=made.reason))
    return _Bound(_deployment(spec, provider.name, named.model), made)


def _deployment(spec: DeploymentSpec, provider: str, model: str, *, unready: str | None = None) -> Deployment:
    profile = profile_of(provider, model, spec.model_info)
    return Deployment(
        id=spec.model_info.id or _digest(spec.group, provider, model, spec.api_base or ""),
        group=spec.group,
        provider=provider,
        model=model,
        weight=spec.weight,
        rpm=spec.rpm,
        tpm=spec.tpm,
        order=spec.order,
        tags=spec.tags,
        max_parallel_requests=spec.max_parallel_requests,
        max_prompt_tokens=profile.context_tokens,
        always_reasons=profile.always_thinks or asks_to_reason({**spec.request_defaults, **spec.extra_body}),
        cooldown_s=spec.cooldown_s,
        allowed_fails=spec.allowed_fails,
        retries=spec.num_retries,
        loss_policy=LossPolicy(drop_params=spec.drop_params, strict=spec.strict),
        unready=unready,
    )


def _digest(*identity: str) -> str:
    """The same for the same configuration, whatever else is in it."""
    return hashlib.sha256("\0".join(identity).encode()).hexdigest()[:16]


def _with_own_id(deployment: Deployment, taken: set[str]) -> Deployment:
    identity, ordinal = deployment.id, 1
    while identity in taken:
        ordinal += 1
        identity = f"{deployment.id}-{ordinal}"
    taken.add(identity)
    return deployment if identity == deployment.id else replace(deployment, id=identity)
