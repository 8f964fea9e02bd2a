"""Which known word was probably meant."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word most like `word`, or None if none is.

    First the same letters in another style (`apiBase`, `api-base`), then one typing slip, then difflib's ratio
    of at least `cutoff`.
    """
    candidates = sorted(set(known))
    alike = [candidate for candidate in candidates if _letters(candidate) == _letters(word)]
    slips = [candidate for candidate in candidates if _one_slip(word, candidate)]
    near = difflib.get_close_matches(word, alike or slips or candidates, n=1, cutoff=cutoff)
    return near[0] if near else None


def _letters(word: str) -> str:
    return word.replace("_", "").replace("-", "").casefold()


def _one_slip(word: str, other: str) -> bool:
    """Whether one letter was inserted, left out, replaced, or swapped with its neighbour."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    rest, meant = word[start:], other[start:]
    return rest[1:] == meant[1:] or rest[1:] == meant or rest == meant[1:] or _swapped(rest, meant)


def _swapped(rest: str, meant: str) -> bool:
    return rest[:2] == meant[:2][::-1] and rest[2:] == meant[2:]
