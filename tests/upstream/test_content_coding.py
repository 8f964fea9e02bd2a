"""Decoding of compressed bodies."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.content_coding import CodingError, Inflater


def _raw_deflate(plain: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(plain) + compressor.flush()


def inflate(inflater: Inflater, pieces: list[bytes]) -> bytes:
    decoded = [piece for raw in pieces for piece in inflater.inflate(raw)]
    assert all(0 < len(piece) <= 65_536 for piece in decoded)
    inflater.finish()
    return b"".join(decoded)


@given(
    plain=st.binary(max_size=400), repeat=st.integers(1, 2_000), step=st.integers(1, 50), form=st.integers(0, 3)
)
def test_any_split_of_any_form_gives_the_plain_bytes(plain: bytes, repeat: int, step: int, form: int) -> None:
    plain *= repeat
    compressed = (
        gzip.compress(plain, mtime=0),
        gzip.compress(plain[:100], mtime=0) + gzip.compress(plain[100:]),
        zlib.compress(plain),
        _raw_deflate(plain),
    )[form]
    pieces = [compressed[start : start + step] for start in range(0, len(compressed), step)]
    assert inflate(Inflater(gzip=form < 2), pieces) == plain


def test_a_bomb_comes_in_small_pieces() -> None:
    bomb = gzip.compress(b"\0" * 20_000_000, mtime=0)
    assert len(bomb) < 65_536
    assert len(next(Inflater(gzip=True).inflate(bomb))) == 65_536


def test_no_body_at_all_is_no_damage() -> None:
    Inflater(gzip=True).finish()
    Inflater(gzip=False).finish()


@pytest.mark.parametrize(
    ("compressed", "is_gzip", "says"),
    [
        (b"plain text", True, "damaged"),
        (gzip.compress(b"x", mtime=0)[:-1], True, "ends early"),
        (gzip.compress(b"x", mtime=0) + b"tail", True, "damaged"),
        (zlib.compress(b"x")[:-1], False, "ends early"),
        (zlib.compress(b"x") + b"tail", False, "bytes follow"),
        (b"x", False, "ends early"),
    ],
)
def test_damage_is_seen(compressed: bytes, is_gzip: bool, says: str) -> None:
    with pytest.raises(CodingError, match=says):
        inflate(Inflater(gzip=is_gzip), [compressed])
