"""Which web pages may read the answers (the CORS protocol: fetch.spec.whatwg.org, 2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.http.headers import Header

ANY_ORIGIN: Final = "*"
_MAX_AGE: Final[Header] = (b"access-control-max-age", b"600")
_EXPOSED: Final[Header] = (b"access-control-expose-headers", b"*")
_VARY: Final[Header] = (b"vary", b"origin")


class Cors:
    """The origins that the operator allows; none by default."""

    def __init__(self, origins: Sequence[str] = ()) -> None:
        self._any = ANY_ORIGIN in origins
        self._allowed = frozenset(origin.lower().rstrip("/") for origin in origins)

    def allows(self, origin: str) -> bool:
        """Whether pages of `origin` may use the gateway."""
        return self._any or origin.lower() in self._allowed

    def headers(self, request: Mapping[str, str]) -> tuple[Header, ...]:
        """What to add to the answer to `request`, whatever its status."""
        if not self._allowed:
            return ()
        origin = request.get("origin")
        if origin is None or not self.allows(origin):
            return () if self._any else (_VARY,)
        if self._any:
            return ((b"access-control-allow-origin", b"*"), _EXPOSED)
        return ((b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED, _VARY)

    def preflight(self, request: Mapping[str, str], methods: str) -> tuple[Header, ...]:
        """What to answer an OPTIONS request for a path that takes `methods` (`POST, OPTIONS`)."""
        allow = (b"allow", methods.encode("ascii"))
        if "access-control-request-method" not in request or not self.allows(request.get("origin", "")):
            return (allow, *self.headers(request))
        asked = request.get("access-control-request-headers", "*").encode("latin-1")
        return (
            allow,
            *self.headers(request),
            (b"access-control-allow-methods", allow[1]),
            (b"access-control-allow-headers", asked),
            _MAX_AGE,
        )
