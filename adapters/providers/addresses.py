"""From a base URL, as operators write it, to the address of each request."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from adapters.upstream.port import Origin

Endpoint: TypeAlias = Callable[[str, bool], str]
"""(model, whether the answer is to be streamed) → the path with its query, at the deployment's origin."""

_APIS: Final = ("/chat/completions", "/responses", "/messages", "/embeddings", "/completions")
"""What operators leave at the end of a base that they copied from an example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseUrl:
    """A base URL in its parts. `path` has no slash at its end; `query` begins with `?` or is empty."""

    origin: Origin
    path: str
    query: str

    @classmethod
    def parse(cls, url: str) -> "BaseUrl":
        """The parts of `url`, without the name of an API at its end.

        Raises ValueError, with a sentence for the operator, where it is no http(s) URL.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as wrong:
            raise ValueError(f"api_base: expected a URL; {wrong}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("api_base: expected a URL such as https://host/v1; scheme or host is missing")
        if parts.username is not None or parts.password is not None:
            raise ValueError("api_base: expected a URL without credentials; put the key into api_key")
        origin = Origin(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port if port is not None else (443 if parts.scheme == "https" else 80),
        )
        return cls(
            origin=origin,
            path=_without_api(parts.path.rstrip("/")),
            query=f"?{parts.query}" if parts.query else "",
        )

    def target(self, suffix: str) -> str:
        """The path with `suffix` at its end, and the query."""
        return self.path + suffix + self.query

    def always(self, suffix: str) -> Endpoint:
        """The endpoint that is `target(suffix)` for every model, streamed or not."""
        target = self.target(suffix)
        return lambda _model, _stream: target

    def versioned(self) -> "BaseUrl":
        """The base with `/v1` where it has no path: how servers are customarily named whose API has a version."""
        return self if self.path else replace(self, path="/v1")


def _without_api(path: str) -> str:
    return next((path.removesuffix(api) for api in _APIS if path.endswith(api)), path)
