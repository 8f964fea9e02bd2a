"""Which deployments share an account: what one of them keeps upstream, the others find."""

from typing import Final

from adapters.providers.route import Route
from adapters.upstream.port import Origin

_TELLING: Final = frozenset(
    {"authorization", "api-key", "x-api-key", "x-goog-api-key", "openai-organization", "openai-project"}
)
"""Headers that say whose account it is."""


class Accounts:
    """Names accounts by address and in the order of their appearance; nothing in a name tells of a credential."""

    def __init__(self) -> None:
        self._names: dict[tuple[Origin, frozenset[tuple[str, str]]], str] = {}

    def of(self, route: Route) -> str:
        """The name of the account that `route` is charged to: `api.openai.com#1`."""
        key = (route.origin, frozenset(header for header in route.headers if header[0] in _TELLING))
        if key not in self._names:
            self._names[key] = f"{route.origin.authority}#{len(self._names) + 1}"
        return self._names[key]
