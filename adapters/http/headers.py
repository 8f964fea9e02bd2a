"""What every answer's head shares: safe values, request ids."""

import random
from typing import Final, TypeAlias
from urllib.parse import quote

Header: TypeAlias = tuple[bytes, bytes]

JSON_TYPE: Final[Header] = (b"content-type", b"application/json")
_VISIBLE: Final = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Visible ASCII that `quote` leaves alone; `%` itself is encoded, so that decoding gives the text back."""
_IN_FRAGMENTS: Final = "/!$&'()*+;=:@?"
"""What RFC 3986 lets stand in a fragment beside letters, digits and `-._~`; not the comma, which joins headers."""
_MAX_ID_CHARACTERS: Final = 128


def header_value(text: str) -> bytes:
    """`text` as a header's value: visible ASCII as it is, all else percent-encoded UTF-8."""
    if text.isascii() and text.isprintable() and " " not in text and "%" not in text:
        return text.encode("ascii")
    return quote(text, safe=_VISIBLE, errors="surrogatepass").encode("ascii")


def warning_value(code: str, pointer: str) -> bytes:
    """A loss as a header's value, `code;pointer`; the JSON pointer as URI fragments have it (RFC 6901, 6)."""
    return f"{code};{quote(pointer, safe=_IN_FRAGMENTS, errors='surrogatepass')}".encode("ascii")


def choose_request_id(asked: str | None) -> str:
    """The id to know a request by: the client's own where it is at most 128 visible ASCII characters, else new."""
    if asked and len(asked) <= _MAX_ID_CHARACTERS and asked.isascii() and asked.isprintable() and " " not in asked:
        return asked
    return f"{random.getrandbits(128):032x}"  # unique, not secret: no system call
