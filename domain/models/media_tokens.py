"""How many tokens pictures, documents and sounds are, by the vendors' own rules of thumb.

developers.openai.com/api/docs/guides/images-vision, platform.claude.com/docs/en/build-with-claude/vision and
/pdf-support, ai.google.dev/gemini-api/docs/tokens and /media-resolution (2026-11). What cannot be measured without
decoding it (the pages of a document, the length of a sound) is guessed from its size.
"""

import base64
import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from domain.chat.content import Audio, Document, Image, Inline, Media

_USUAL_SIZE: Final = (1024, 768)
"""Width and height of a picture that only its vendor can see."""

_HEAD_CHARACTERS: Final = 256 * 1024
"""How much base64 is looked at for a picture's size; a photograph's begins after its thumbnail."""

_PAGE_BYTES: Final = 50_000
_WAVE_BYTES_PER_S: Final = 32_000
_COMPRESSED_BYTES_PER_S: Final = 12_000
_USUAL_SOUND_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """`base`, and `per_tile` for each square of `side` pixels that the picture, made to fit, is cut into.

    shortest, longest: what its sides are shrunk to. low: what a picture of detail `low` costs, whatever its size.
    """

    base: float
    per_tile: float
    side: int = 512
    shortest: int = 768
    longest: int = 2048
    low: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One token for every `pixels` of the picture, at most `most`."""

    pixels: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """The same for every picture."""

    tokens: float


PictureRate: TypeAlias = Tiles | Area | Flat


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRates:
    """What media cost in tokens: a picture, a page of a document, a second of sound."""

    picture: PictureRate
    page: float
    second: float


def count_media(part: Image | Document | Audio, rates: MediaRates) -> float:
    """The tokens of `part`. The text of a document that is plain text is not media: it counts nothing here."""
    match part:
        case Image(source=source, detail=detail):
            return _picture(source, detail, rates.picture)
        case Document(source=Inline(base64=payload)):
            return rates.page * max(1, _size(payload) // _PAGE_BYTES)
        case Audio(source=source, audio_format=audio_format):
            return rates.second * _seconds(source, audio_format)
        case _:
            return rates.page


def picture_size(payload: str) -> tuple[int, int] | None:
    """Width and height, in pixels, of a PNG, GIF, JPEG or WebP given as base64; None where they are not told."""
    head = payload[: _HEAD_CHARACTERS // 4 * 4]
    try:
        data = base64.b64decode(head + "=" * (-len(head) % 4))
    except ValueError:
        return None
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:4] == b"GIF8" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    return _jpeg_size(data) if data[:2] == b"\xff\xd8" else None


def _picture(source: Media, detail: str | None, rate: PictureRate) -> float:
    if isinstance(rate, Flat):
        return rate.tokens
    size = picture_size(source.base64) if isinstance(source, Inline) else None
    width, height = size or _USUAL_SIZE
    if isinstance(rate, Area):
        return min(rate.most, max(1.0, width * height / rate.pixels))
    if detail == "low" and rate.low is not None:
        return rate.low
    shrunk = min(1.0, rate.longest / max(width, height, 1))
    shrunk *= min(1.0, rate.shortest / max(min(width, height) * shrunk, 1))
    across, down = (max(1, math.ceil(side * shrunk / rate.side)) for side in (width, height))
    return rate.base + rate.per_tile * across * down


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30:
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the frame header, which follows any number of other segments (ITU T.81, annex B)."""
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = data[position + 5 : position + 7], data[position + 7 : position + 9]
            return int.from_bytes(width), int.from_bytes(height)
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return None


def _seconds(source: Media, audio_format: str | None) -> float:
    if not isinstance(source, Inline):
        return _USUAL_SOUND_S
    wave = "wav" in source.media_type or audio_format == "wav"
    return _size(source.base64) / (_WAVE_BYTES_PER_S if wave else _COMPRESSED_BYTES_PER_S)


def _size(payload: str) -> int:
    return len(payload) * 3 // 4
