"""The data plane's routes: which path is answered by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.dialects.contract import ClientDialect
from adapters.http.inbound import Inbound


class Handler(Protocol):
    """Answers the POST requests of a route. Errors it raises are answered for it, in the route's dialect."""

    async def handle(self, inbound: Inbound) -> None:
        """Answer one request; a stream it has begun it also finishes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route. `name` labels its calls in metrics and logs."""

    name: str
    dialect: ClientDialect
    handler: Handler


@dataclass(frozen=True, slots=True)
class PathRule:
    """Paths that name a model between `prefix` and `suffix`; the name may contain `/`."""

    prefix: str
    suffix: str
    route: Route

    def model(self, path: str) -> str | None:
        """The model's name in `path`, or None where the rule is not about it."""
        if not (path.startswith(self.prefix) and path.endswith(self.suffix)):
            return None
        return path[len(self.prefix) : len(path) - len(self.suffix)] or None


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes by exact path, then by rule."""

    exact: Mapping[str, Route]
    rules: Sequence[PathRule] = field(default=())

    def find(self, path: str) -> tuple[Route, str | None] | None:
        """The route of `path` (percent-decoded) and the model it names; None where it is not of the data plane."""
        route = self.exact.get(path)
        if route is not None:
            return route, None
        for rule in self.rules:
            model = rule.model(path)
            if model is not None:
                return rule.route, model
        return None


def chat_completions_routes(route: Route) -> RouteTable:
    """The four shapes of path that chat completions have at OpenAI and Azure."""
    return RouteTable(
        {"/v1/chat/completions": route, "/chat/completions": route},
        (
            PathRule("/openai/deployments/", "/chat/completions", route),
            PathRule("/engines/", "/chat/completions", route),
        ),
    )
