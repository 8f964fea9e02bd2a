"""One deployment's address, credential, limits and language, as a Route."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from adapters.providers.addresses import BaseUrl
from adapters.providers.credentials import Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.route import ModelRoutes, Route
from adapters.providers.spec import ProviderSpec
from adapters.upstream.port import Limits
from domain.secret import Secret

_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why a deployment cannot be reached, as a sentence that says what to set."""

    reason: str


def make_route(
    spec: DeploymentSpec, provider: ProviderSpec, environment: Environment, *, limits: Limits
) -> Route | Unreachable:
    """How `spec` is reached. Raises ValueError, with a sentence for the operator, where its address is none.

    `provider` is one that is reached over HTTP.
    """
    address = spec.api_base or _first(provider.base_variables, environment) or provider.base_url
    if address is None:
        return Unreachable(f"set {' or '.join(('api_base', *provider.base_variables))}")
    if provider.endpoint is None:
        return Unreachable(f"{provider.name} answers within the gateway")
    endpoint = provider.endpoint(BaseUrl.parse(address), spec, environment)
    credential = provider.credentials.headers(spec, environment)
    missing = None if credential else _missing_key(spec, provider, address)
    if missing is not None:
        return Unreachable(missing)
    allowed = frozenset(spec.allowed_openai_params)
    quirks = provider.quirks_without(allowed)
    return Route(
        provider=provider.name,
        endpoint=endpoint,
        headers=_headers(spec, provider, environment, credential),
        secrets=_secrets(spec, credential),
        dialect=provider.speaks(quirks),
        quirks=quirks,
        markers=provider.markers(address),
        renames=provider.renames,
        defaults=spec.request_defaults,
        dropped=frozenset(spec.additional_drop_params),
        allowed=allowed,
        extra_body=spec.extra_body,
        buffered_limits=buffered(limits, spec.timeout_s),
        streamed_limits=streamed(limits, spec.stream_timeout_s or spec.timeout_s),
        tls=spec.tls,
        models=ModelRoutes(provider.name, provider.opaque_family, endpoint, spec.model_info),
    )


def buffered(limits: Limits, timeout_s: float | None) -> Limits:
    """`timeout_s` bounds a buffered answer as a whole."""
    if timeout_s is None:
        return limits
    return replace(
        streamed(limits, timeout_s),
        total_s=timeout_s if limits.total_s is None else min(timeout_s, limits.total_s),
    )


def streamed(limits: Limits, timeout_s: float | None) -> Limits:
    """`timeout_s` bounds the wait for a streamed answer to begin; once it flows, only its silences are bounded.

    An answer that is being written well is not cut off for its length.
    """
    if timeout_s is None:
        return limits
    return replace(
        limits,
        first_byte_s=min(timeout_s, limits.first_byte_s),
        connect_s=min(timeout_s, limits.connect_s),
    )


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
