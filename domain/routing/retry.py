"""How long to wait before the same deployment is asked again."""

from typing import Final

LONGEST_BACKOFF_S: Final = 8.0
JITTER_S: Final = 0.75


def backoff_s(retry: int, draw: float, *, first_s: float, least_s: float) -> float:
    """The wait before retry number `retry` (from 0): doubling from `first_s`, with up to 0.75 s of jitter.

    litellm's numbers; `draw` is chance in [0, 1). Jitter grows and shrinks with `first_s`, so that a quick first
    wait stays quick.
    """
    wait_s = min(first_s * 2.0**retry, LONGEST_BACKOFF_S)
    return max(least_s, wait_s + min(JITTER_S, 1.5 * first_s) * draw)
