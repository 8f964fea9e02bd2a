"""How an upstream is shown who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from adapters.providers.deployment_spec import DeploymentSpec
from domain.secret import Secret

Environment: TypeAlias = Mapping[str, str]
Headers: TypeAlias = tuple[tuple[str, str], ...]


class Credentials(Protocol):
    """Finds a deployment's credential and puts it into headers."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables looked up, the preferred one first."""
        ...

    def headers(self, spec: DeploymentSpec, environment: Environment) -> Headers:
        """The headers that carry the credential; none where it is nowhere to be found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key in one header: `prefix` and the key."""

    variables: tuple[str, ...] = ()
    header: str = "authorization"
    prefix: str = "Bearer "

    def headers(self, spec: DeploymentSpec, environment: Environment) -> Headers:
        key = found_key(spec.api_key, self.variables, environment)
        return ((self.header, self.prefix + key.reveal()),) if key else ()


def found_key(given: Secret | None, variables: tuple[str, ...], environment: Environment) -> Secret | None:
    """The key as configured, else the first non-empty one among `variables`.

    A key that was configured and is empty stays empty: it is not replaced by another one.
    """
    if given is not None:
        return given
    return next((Secret(environment[name]) for name in variables if environment.get(name)), None)
