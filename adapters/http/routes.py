"""The data plane's routes: which path is answered by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from adapters.dialects.contract import ClientDialect
from adapters.http.access import OPENAI_CREDENTIALS
from adapters.http.inbound import Inbound


class Handler(Protocol):
    """Answers the POST requests of a route. Errors it raises are answered for it, in the route's dialect."""

    async def handle(self, inbound: Inbound) -> None:
        """Answer one request; a stream it has begun it also finishes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route. `name` labels its calls in metrics and logs; `credentials` are the places of a key, best first."""

    name: str
    dialect: ClientDialect
    handler: Handler
    credentials: tuple[str, ...] = OPENAI_CREDENTIALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths of one route: exact ones, and (prefix, suffix) of those that name a model between the two."""

    exact: tuple[str, ...] = ()
    around_model: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PathRule:
    """Paths that begin with `prefix` and name a model before one of the suffixes; the name may contain `/`.

    The first suffix that fits counts.
    """

    prefix: str
    by_suffix: Mapping[str, Route]

    def find(self, path: str) -> tuple[Route, str] | None:
        """The route of `path` and the model it names, or None where the rule is not about it."""
        if not path.startswith(self.prefix):
            return None
        for suffix, route in self.by_suffix.items():
            if path.endswith(suffix):
                model = path[len(self.prefix) : len(path) - len(suffix)]
                return (route, model) if model else None
        return None


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes by exact path, then by rule."""

    exact: Mapping[str, Route]
    rules: Sequence[PathRule] = field(default=())

    @classmethod
    def of(cls, *routes: tuple[Paths, Route]) -> Self:
        """The table of these routes, each at all its paths. Raises ValueError where two claim the same path."""
        exact: dict[str, Route] = {}
        rules: dict[str, dict[str, Route]] = {}
        for paths, route in routes:
            for path in paths.exact:
                if exact.setdefault(path, route) is not route:
                    raise ValueError(f"two routes claim {path}")
            for prefix, suffix in paths.around_model:
                if rules.setdefault(prefix, {}).setdefault(suffix, route) is not route:
                    raise ValueError(f"two routes claim {prefix}{{model}}{suffix}")
        return cls(exact, tuple(PathRule(prefix, _longest_first(found)) for prefix, found in rules.items()))

    def find(self, path: str) -> tuple[Route, str | None] | None:
        """The route of `path` (percent-decoded) and the model it names; None where it is not of the data plane."""
        route = self.exact.get(path)
        if route is not None:
            return route, None
        for rule in self.rules:
            found = rule.find(path)
            if found is not None:
                return found
        return None


def _longest_first(by_suffix: Mapping[str, Route]) -> dict[str, Route]:
    """`/chat/completions` before `/completions`, which it ends with."""
    return {suffix: by_suffix[suffix] for suffix in sorted(by_suffix, key=len, reverse=True)}
