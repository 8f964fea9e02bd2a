"""From a base URL, as operators write it, to the address of each request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from adapters.upstream.port import Origin

Target: TypeAlias = Callable[[str, bool], str]
"""(model, whether the answer is to be streamed) → the path with its query."""

_CHAT_COMPLETIONS = "/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseUrl:
    """A base URL in its parts. `path` has no slash at its end; `query` begins with `?` or is empty."""

    origin: Origin
    path: str
    query: str

    @classmethod
    def parse(cls, url: str) -> "BaseUrl":
        """The parts of `url`. Raises ValueError, with a sentence for the operator, where it is no http(s) URL."""
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
        return cls(origin=origin, path=parts.path.rstrip("/"), query=f"?{parts.query}" if parts.query else "")

    def ending(self, suffix: str) -> str:
        """The path with `suffix` at its end, once, and the query."""
        path = self.path if self.path.endswith(suffix) else self.path + suffix
        return path + self.query


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a deployment's requests go."""

    origin: Origin
    target: Target


def chat_completions(base: BaseUrl) -> Endpoint:
    """`{base}/chat/completions`; the base comes with its version, and nothing is added to it."""
    target = base.ending(_CHAT_COMPLETIONS)
    return Endpoint(origin=base.origin, target=lambda _model, _stream: target)


def versioned_chat_completions(base: BaseUrl) -> Endpoint:
    """As `chat_completions`, for servers whose base is customarily given without its `/v1` (Ollama)."""
    versioned = base if base.path else BaseUrl(origin=base.origin, path="/v1", query=base.query)
    return chat_completions(versioned)
