"""Offers to speak another protocol, which the gateway does not take (RFC 9110, 7.8 leaves it that)."""

from collections.abc import Iterable
from typing import Final

_OFFER: Final = frozenset({b"upgrade", b"http2-settings"})


def without_upgrade(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`headers` as the rest of a request's head, without what offers the upgrade.

    Java's own client offers h2c with the first request of every connection, and sends the body along.
    """
    lines = []
    for name, value in headers:
        kept = value
        if name.lower() == b"connection":
            tokens = [token for token in value.split(b",") if token.strip().lower() not in _OFFER]
            kept = b",".join(tokens)
        if kept and name.lower() not in _OFFER:
            lines.append(b"%b: %b\r\n" % (name, kept))
    return b"".join([*lines, b"\r\n"])
