"""Who may use the gateway."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs

from adapters.http.cors import ANY_ORIGIN, Cors
from domain.errors import Forbidden, InvalidKey
from domain.secret import Secret

DEFAULT_KEY_HEADER: Final = "x-litellm-api-key"
QUERY_KEY: Final = "?key"
"""The place of a key in the query string, among names of headers."""
OPENAI_CREDENTIALS: Final = ("authorization", "api-key", "x-api-key")
"""Where clients of OpenAI's routes put their key, in the order of precedence."""
ANTHROPIC_CREDENTIALS: Final = ("x-api-key", "authorization")
"""The same for Anthropic's routes."""
GEMINI_CREDENTIALS: Final = ("x-goog-api-key", QUERY_KEY, "authorization")
"""The same for Gemini's routes."""
ANY_CREDENTIALS: Final = (*OPENAI_CREDENTIALS, "x-goog-api-key", QUERY_KEY)
"""The same for routes that clients of every dialect ask."""

_BEARER: Final = "bearer "


class AccessPolicy:
    """Guards every route that can spend or tell something.

    With a master key: requests must carry it. Without one: only this machine's own programs may ask. A web
    page gives itself away by its `Origin`, or by a `Host` that is not this machine (DNS rebinding), and is
    refused; `insecure` gives the check of the Host up, for gateways reached by other names.
    """

    def __init__(
        self,
        *,
        master_key: Secret | None = None,
        key_header_name: str = DEFAULT_KEY_HEADER,
        cors_origins: Sequence[str] = (),
        bound_host: str = "127.0.0.1",
        insecure: bool = False,
    ) -> None:
        if master_key is not None and not master_key:
            raise ValueError("expected a master key that is not empty, or none at all")
        if master_key is None and ANY_ORIGIN in cors_origins:
            raise ValueError("CORS for every origin (`*`) needs a master key: without one any web page could ask")
        self.cors = Cors(cors_origins)
        self._master_key = master_key
        self._key_header = key_header_name.lower()
        self._own_hosts = frozenset({"localhost", "127.0.0.1", "[::1]", _bracketed(bound_host.lower())})
        self._insecure = insecure

    def admit(
        self, headers: Mapping[str, str], credentials: Sequence[str] = OPENAI_CREDENTIALS, query: bytes = b""
    ) -> None:
        """Let a request pass. `credentials` are the places of a key that count after the configured header.

        They are names of headers, and QUERY_KEY for the `key` of the raw query string `query`.

        Raises InvalidKey where the key is missing or wrong, Forbidden where no key guards the gateway and the
        request comes from a web page. The first credential that is there counts; the others are not tried.
        """
        if self._master_key is None:
            self._refuse_web_pages(headers)
            return
        presented = self._presented(headers, credentials, query)
        if presented is None:
            raise InvalidKey(
                "Authentication Error, No api key passed in. Send the gateway's key as `Authorization: Bearer …`."
            )
        if not self._master_key.matches(presented):
            raise InvalidKey("Authentication Error, Invalid api key passed in: it is not the gateway's key.")

    def _presented(self, headers: Mapping[str, str], credentials: Sequence[str], query: bytes) -> str | None:
        for name in (self._key_header, *credentials):
            value = key_in_query(query) if name == QUERY_KEY else headers.get(name)
            if not value:
                continue
            if value[: len(_BEARER)].lower() == _BEARER:
                return value[len(_BEARER) :].strip()
            if name != "authorization":
                return value.strip()
        return None

    def _refuse_web_pages(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        if not self._insecure and not self._is_own(_without_port(host)):
            raise Forbidden(
                "expected a Host of this machine; without a master key the gateway answers no other. Ask for "
                "localhost, or set general_settings.master_key."
            )
        origin = headers.get("origin")
        if origin is not None and origin.lower().partition("://")[2] != host and not self.cors.allows(origin):
            raise Forbidden(
                "requests from web pages are refused while no master key guards the gateway. Set "
                "general_settings.master_key, or allow the page's origin."
            )

    def _is_own(self, host: str) -> bool:
        if host in self._own_hosts:
            return True
        try:
            return ip_address(host.strip("[]")).is_loopback
        except ValueError:
            return False


def key_in_query(query: bytes) -> str | None:
    """The `key` of a raw query string, as Google's clients may send it; None where there is none."""
    if b"key=" not in query:
        return None
    return parse_qs(query.decode("latin-1")).get("key", [None])[0]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _without_port(authority: str) -> str:
    host, colon, port = authority.rpartition(":")
    return host if colon and port.isdecimal() else authority
