"""Inline media as every vendor sends it: data URLs, base64 alphabets, and types that lie."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from domain.chat.content import Inline

_DATA_URL: Final = re.compile(
    r"data:(?P<type>[^;,]*)(?P<parameters>(?:;[^,]*)?),(?P<payload>.*)", re.DOTALL | re.IGNORECASE
)
_ALIASES: Final = {"image/jpg": "image/jpeg", "audio/x-wav": "audio/wav", "audio/mp3": "audio/mpeg"}
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_SNIFF_CHARACTERS: Final = 32


def parse_data_url(url: str) -> Inline | None:
    """The media in a `data:` URL, or None where `url` is not one.

    Raises ValueError where its payload is not base64 (or, without `;base64`, percent-encoded) data.
    """
    matched = _DATA_URL.fullmatch(url)
    if matched is None:
        return None
    media_type = matched["type"].strip().lower() or "text/plain"
    payload = matched["payload"]
    if ";base64" not in matched["parameters"].lower():
        payload = base64.b64encode(unquote_to_bytes(payload)).decode("ascii")
    return inline(media_type, payload)


def inline(media_type: str, payload: str) -> Inline:
    """Media whose base64 is the standard padded alphabet and whose type is what its first bytes say.

    Raises ValueError where `payload` is not base64 of either alphabet.
    """
    standard = standard_base64(payload)
    declared = media_type.partition(";")[0].strip().lower()
    return Inline(media_type=sniff(standard) or _ALIASES.get(declared, declared), base64=standard)


def standard_base64(payload: str) -> str:
    """`payload` in the standard padded alphabet; URL-safe and unpadded input is accepted, line breaks too."""
    text = payload if payload.isascii() and not any(c in payload for c in "-_ \r\n\t") else _normalised(payload)
    text = text.rstrip("=")
    if len(text) % 4 == 1:
        raise ValueError("expected base64; its length is impossible")
    text += "=" * (-len(text) % 4)
    try:
        binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as refused:
        raise ValueError(f"expected base64; {refused}") from None
    return text


def sniff(standard: str) -> str | None:
    """The media type that the first bytes of base64 data declare, or None where they tell nothing."""
    try:
        head = binascii.a2b_base64(standard[:_SNIFF_CHARACTERS])
    except binascii.Error:
        return None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), None)


def data_url(media: Inline) -> str:
    """The `data:` URL of inline media."""
    return f"data:{media.media_type};base64,{media.base64}"


def _normalised(payload: str) -> str:
    return "".join(payload.split()).replace("-", "+").replace("_", "/")
