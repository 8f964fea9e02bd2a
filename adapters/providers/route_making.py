"""One deployment's address, credential, limits and languages, as a Route."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adapters.providers.addresses import BaseUrl, Endpoint
from adapters.providers.apis import ANY_MODEL, Api, ModelApi
from adapters.providers.call_limits import CallLimits
from adapters.providers.canonical_wishes import CanonicalWishes
from adapters.providers.credentials import Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.markers import any_of
from adapters.providers.naming import NamedModel
from adapters.providers.route import ModelRoutes, Route
from adapters.providers.spec import EndpointMaker, ProviderSpec, WireSpec
from adapters.providers.wire import RESPONSES, Wire
from adapters.providers.wishes import Wishes
from adapters.upstream.port import Limits
from domain.secret import Secret

_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why a deployment cannot be reached, as a sentence that says what to set."""

    reason: str


def make_route(
    spec: DeploymentSpec,
    named: NamedModel,
    environment: Environment,
    *,
    limits: Limits,
) -> Route | Unreachable:
    """How `spec` is reached.

    Raises ValueError, with a sentence for the operator, where its address is none or its dialects are unknown.
    The provider is one that is reached over HTTP.
    """
    provider = named.provider
    address = spec.api_base or _first(provider.base_variables, environment) or provider.base_url
    if address is None:
        return Unreachable(f"set {' or '.join(('api_base', *provider.base_variables))}")
    base = BaseUrl.parse(address)
    credential = provider.credentials.headers(spec, environment)
    missing = None if credential else _missing_key(spec, provider, address)
    if missing is not None:
        return Unreachable(missing)
    reached = _Reached(spec, provider, base, environment, elsewhere=provider.is_elsewhere(address))
    wires = tuple(reached.wire(wire) for wire in spoken(provider, named.dialects, spec.model_info.mode))
    return Route(
        provider=provider.name,
        origin=base.origin,
        headers=_headers(spec, provider, environment, credential),
        secrets=_secrets(spec, credential),
        wires=wires,
        defaults=spec.request_defaults,
        dropped=frozenset(spec.additional_drop_params),
        wishes=CanonicalWishes(spec.request_defaults, frozenset(spec.additional_drop_params)),
        allowed=frozenset(spec.allowed_openai_params),
        extra_body=spec.extra_body,
        limits=CallLimits(
            limits, timeout_s=spec.timeout_s, stream_timeout_s=spec.stream_timeout_s or spec.timeout_s
        ),
        skip_bad_frames=spec.skip_bad_frames,
        tls=spec.tls,
        models=ModelRoutes(
            provider.name, provider.opaque_family, spec.model_info, wires=wires, apis=dict(reached.apis())
        ),
    )


@dataclass(frozen=True, slots=True)
class _Reached:
    """A provider at one address: what it offers there."""

    spec: DeploymentSpec
    provider: ProviderSpec
    base: BaseUrl
    environment: Environment
    elsewhere: bool

    def wire(self, wire: WireSpec) -> Wire:
        """One of its chat APIs. Who only speaks like the provider counts no tokens."""
        spec, allowed = self.spec, wire.allowing(frozenset(self.spec.allowed_openai_params))
        counting = None if self.elsewhere else wire.counting
        return Wire(
            dialect=allowed.dialect,
            endpoint=self._endpoint(wire.endpoint),
            counting=None if counting is None else self._endpoint(counting),
            quirks=allowed.quirks,
            markers=any_of(wire.markers(signs_for_others=self.provider.gateway, elsewhere=self.elsewhere)),
            renames=wire.renames,
            model_in_path=wire.model_in_path,
            for_reasoning=wire.for_reasoning,
            callers=wire.callers or f"{self.provider.opaque_family}-",
            wishes=Wishes.of(wire.dialect.name, spec.request_defaults, spec.additional_drop_params),
        )

    def apis(self) -> Iterator[tuple[Api, ModelApi]]:
        """Its other APIs."""
        provider = self.provider
        if provider.embeddings is not None:
            yield Api.EMBEDDINGS, ModelApi(self._endpoint(provider.embeddings), ANY_MODEL)
        if provider.completions is not None:
            told = self.spec.model_info.mode == "completion"
            models = ANY_MODEL if told else provider.completion_models
            yield Api.COMPLETIONS, ModelApi(self._endpoint(provider.completions), models)

    def _endpoint(self, make: EndpointMaker) -> Endpoint:
        return make(self.base, self.spec, self.environment)


def spoken(provider: ProviderSpec, dialects: tuple[str, ...] | None, mode: str | None) -> tuple[WireSpec, ...]:
    """The wires of a deployment: those of `dialects`, else what its provider is known to speak.

    Raises ValueError, with a sentence for the operator, where the provider cannot be spoken to so.
    """
    offered = {wire.dialect.name: wire for wire in provider.wires}
    if dialects is None and mode == "responses" and RESPONSES in offered:
        dialects = (RESPONSES,)
    if dialects is None:
        return tuple(wire for wire in provider.wires if not wire.on_request)
    unknown = next((name for name in dialects if name not in offered), None)
    if unknown is not None or not dialects:
        raise ValueError(
            f"model_info.dialects: expected one or more of {', '.join(offered)} for {provider.name}; "
            f"got {'none' if unknown is None else repr(unknown)}"
        )
    return tuple(wire for name, wire in offered.items() if name in dialects)


def _missing_key(spec: DeploymentSpec, provider: ProviderSpec, address: str) -> str | None:
    """What to set, where there is no credential; None where none is needed.

    A key that the configuration names is needed always. A provider that is often imitated needs one only at
    its own address.
    """
    if spec.key_variable is not None:
        return f"set {spec.key_variable}"
    if not provider.key_required or (spec.api_key is None and provider.is_elsewhere(address)):
        return None
    return f"set {next(iter(provider.credentials.variables), 'api_key')}"


def _headers(
    spec: DeploymentSpec, provider: ProviderSpec, environment: Environment, credential: Headers
) -> Headers:
    """The headers of every request; the operator's `extra_headers` replace ours of the same name."""
    headers = {
        "content-type": "application/json",
        "user-agent": "feathergate",
        **dict(provider.headers(spec, environment)),
        **dict(credential),
    }
    for name, value in spec.extra_headers.items():
        headers[name.lower()] = value.reveal() if isinstance(value, Secret) else value
    return tuple(headers.items())


def _secrets(spec: DeploymentSpec, credential: Headers) -> tuple[str, ...]:
    """What must not be repeated to anybody; what is shorter than any key would be found in innocent words."""
    configured = (value.reveal() for value in spec.extra_headers.values() if isinstance(value, Secret))
    words = (value.split(" ")[-1] for value in (*(value for _, value in credential), *configured))
    return tuple(word for word in words if len(word) >= _SHORTEST_SECRET)


def _first(variables: Iterable[str], environment: Environment) -> str | None:
    return next((environment[name] for name in variables if environment.get(name)), None)
