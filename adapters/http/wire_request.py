"""The head of a request: its headers as an Exchange has them, and what the parser lets pass but should not."""

from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def joined(lines: "Sequence[tuple[bytes, bytes]]") -> dict[str, str]:
    """Headers as an Exchange has them."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1").rstrip(" \t") for name, value in lines}
    if len(headers) == len(lines):
        return headers
    headers.clear()
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").rstrip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def check_headers(headers: "Mapping[str, str]", parser: httptools.HttpRequestParser) -> None:
    """Raises HttpParserError for what RFC 9112 (3.2, 6.1) has servers refuse, and llhttp does not.

    Those are requests for no host or for several, and bodies in codings that are not known.
    """
    coding = headers.get("transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        raise httptools.HttpParserError("the transfer coding is not known")
    host = headers.get("host")
    if host is None:
        if parser.get_http_version() != "1.0":
            raise httptools.HttpParserError("the host is missing")
    elif ", " in host:
        raise httptools.HttpParserError("the host is ambiguous")


def check_size(url: bytes, lines: "Sequence[tuple[bytes, bytes]]", *, max_bytes: int) -> None:
    """Raises HttpParserError where target and headers together are larger than `max_bytes`."""
    if len(url) + sum([len(name) + len(value) + 4 for name, value in lines]) > max_bytes:
        raise httptools.HttpParserError("the head is too large")
