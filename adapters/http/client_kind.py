"""Whose client asks, as far as path and headers tell, for answers that no route decides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from adapters.http.access import key_in_query

_ANTHROPIC_PATHS: Final = ("/v1/messages/", "/anthropic/")
_GEMINI_PATHS: Final = ("/v1beta/", "/v1alpha/")
_GOOGLE_HEADERS: Final = ("x-goog-api-key", "x-goog-api-client")


class ClientKind(StrEnum):
    """The vendor whose format the client reads."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


def client_kind(path: str, headers: Mapping[str, str], query: bytes) -> ClientKind:
    """The client's kind: by the path where that is one vendor's alone, else by the headers that a client sends.

    `headers` have lower-case names; `query` is the raw query string, which may hold a Google key.
    """
    place = f"{path}/"
    if place.startswith(_ANTHROPIC_PATHS):
        return ClientKind.ANTHROPIC
    if place.startswith(_GEMINI_PATHS):
        return ClientKind.GEMINI
    if "anthropic-version" in headers:
        return ClientKind.ANTHROPIC
    if any(name in headers for name in _GOOGLE_HEADERS) or key_in_query(query):
        return ClientKind.GEMINI
    return ClientKind.OPENAI
