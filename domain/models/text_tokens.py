"""How many tokens a text has, by the shapes of its words: no vocabulary, and microseconds for a kilobyte.

Every character becomes one byte that names its class, found by the first byte of its UTF-8 form. What is counted
then are runs of a class, with the byte operations of the standard library.
"""

from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = "\0"
"""Joins texts to be counted at once: it costs nothing and ends a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRates:
    """The tokens that each shape costs.

    word:        a run of Latin letters, with the blank before it.
    long:        every eight letters of such a run. hump: a capital after a small letter. capitals: two in a row.
    number:      every three digits of a run or the rest of them. digit: every digit on top of that.
    punctuation: every two other ASCII characters of a run or the last of them. mark: each of them on top of that.
    line:        every two line breaks of a run or the last of them. indent: blanks that begin a line.
    accent:      a Latin letter beyond ASCII, on top of its word. letter: a letter of another alphabet.
    ideograph:   a Chinese, Japanese or Korean character. symbol: a typographic sign. pictograph: an emoji.
    """

    word: float
    long: float
    hump: float
    capitals: float
    number: float
    digit: float
    punctuation: float
    mark: float
    line: float
    indent: float
    accent: float
    letter: float
    ideograph: float
    symbol: float
    pictograph: float


def count_text(text: str, rates: TextRates) -> float:
    """The tokens of `text`, not rounded."""
    encoded = text.encode("utf-8", "surrogatepass")
    classes = encoded.translate(_CLASSES, _CONTINUATION)
    letters = classes.translate(_ONLY_LETTERS)
    count = classes.count
    marks = count(b".")
    lines = count(b"\n")
    tokens = (
        rates.word * len(letters.split())
        + rates.long * letters.count(b"aaaaaaaa")
        + rates.hump * count(b"aA")
        + rates.capitals * count(b"AA")
        + rates.punctuation * (marks - count(b".."))
        + rates.mark * marks
    )
    if lines:
        tokens += rates.line * (lines - count(b"\n\n")) + rates.indent * count(b"\n  ")
    if b"0" in classes:
        for run in classes.translate(_ONLY_DIGITS).split():
            tokens += rates.number * ((len(run) + 2) // 3) + rates.digit * len(run)
    return tokens if len(encoded) == len(text) else tokens + _beyond_ascii(encoded, classes, rates)


def _beyond_ascii(encoded: bytes, classes: bytes, rates: TextRates) -> float:
    return (
        rates.accent * (len(encoded) - len(encoded.translate(None, _ACCENTED)))
        + rates.letter * classes.count(b"g")
        + rates.ideograph * classes.count(b"c")
        + rates.symbol * classes.count(b"s")
        + rates.pictograph * classes.count(b"m")
    )


def _class_of(first: int) -> str:
    """The class of the characters whose UTF-8 form begins with `first`."""
    if first < 0x80:
        character = chr(first)
        if character in "\n\r":
            return "\n"
        if character in " \t\0":
            return "\0" if character == SEPARATOR else " "
        if character.isdigit():
            return "0"
        return ("A" if character.isupper() else "a") if character.isalpha() else "."
    for beyond, name in ((0xCA, "a"), (0xE2, "g"), (0xE3, "s"), (0xEE, "c")):
        if first < beyond:
            return name
    return "m"


def _only(names: str, shown: str) -> bytes:
    """A table that shows the classes `names` as `shown` and everything else as blank."""
    return bytes(ord(shown) if chr(value) in names else ord(" ") for value in range(256))


_CONTINUATION: Final = bytes(range(0x80, 0xC0))
_ACCENTED: Final = bytes(range(0xC2, 0xCA))
_CLASSES: Final = "".join(map(_class_of, range(256))).encode("ascii")
_ONLY_LETTERS: Final = _only("aA", "a")
_ONLY_DIGITS: Final = _only("0", "0")
