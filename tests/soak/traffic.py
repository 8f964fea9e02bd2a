"""The traffic of the soak: which requests come how often, at an even pace, and those that ended unexpectedly."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeAlias

from tests.soak import beside, chats
from tests.soak.caller import Caller, Unexpected

Play: TypeAlias = Callable[[Caller, Random, int], Awaitable[None]]
"""One request of a kind, or a few; the number is its own. Raises Unexpected, or what a broken connection raises."""

MIX: Mapping[str, tuple[Play, float]] = {
    "chat": (chats.chat, 50.0),
    "unsteady": (chats.unsteady, 3.0),
    "failing": (chats.failing, 10.0),
    "closing": (chats.closing, 4.0),
    "old fashioned": (chats.old_fashioned, 3.0),
    "expecting": (chats.expecting, 1.0),
    "pipelined": (chats.pipelined, 2.0),
    "big": (chats.big, 0.7),
    "slow reader": (chats.slow_reader, 0.3),
    "embeddings": (beside.embeddings, 3.0),
    "counts": (beside.counts, 4.0),
    "completions": (beside.completions, 3.0),
    "models": (beside.models, 2.0),
    "metrics": (beside.metrics, 0.5),
    "router": (beside.router, 0.5),
    "leaving early": (beside.leaving_early, 3.0),
    "leaving midway": (beside.leaving_midway, 3.0),
    "leaving at once": (beside.leaving_at_once, 1.0),
    "wrong key": (beside.wrong_key, 2.0),
    "unknown": (beside.unknown, 2.0),
    "malformed": (beside.malformed, 1.0),
    "garbage": (beside.garbage, 1.0),
    "oversize": (beside.oversize, 0.5),
}
"""How often each kind comes, in parts."""

_LIMIT_S = 120.0
"""Longer than a busy machine needs, and than the gateway leaves an upstream that is silent."""
_MOST_AT_ONCE = 200
_MOST_KEPT = 50


@dataclass(slots=True)
class Tally:
    """What was asked, how long it took, and what ended unexpectedly; of that so much is kept in words."""

    asked: Counter[str] = field(default_factory=Counter)
    took_s: dict[str, list[float]] = field(default_factory=dict)
    unexpected: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.asked.total()

    def note(self, kind: str, number: int, what: str) -> None:
        """Something ended as it should not."""
        self.unexpected[kind] += 1
        if len(self.words) < _MOST_KEPT:
            self.words.append(f"{kind} (request soak-{number}): {what}")


class Traffic:
    """Asks on and on, at an even pace, but for a machine that is too busy to answer: it is waited for."""

    def __init__(self, caller: Caller, rate: float, seed: int) -> None:
        self.tally = Tally()
        self._caller = caller
        self._rate = rate
        self._dice = Random(seed)
        self._number = 0
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def run(self, seconds: float) -> None:
        """Ask for so long, and wait for what was asked."""
        loop = asyncio.get_running_loop()
        kinds, weights = tuple(MIX), [weight for _, weight in MIX.values()]
        began_s = loop.time()
        async with asyncio.TaskGroup() as group:
            for turn in range(int(self._rate * seconds)):
                await asyncio.sleep(max(0.0, began_s + turn / self._rate - loop.time()))
                await self._room.acquire()
                (kind,) = self._dice.choices(kinds, weights)
                self._number += 1
                asked = group.create_task(self._ask(kind, MIX[kind][0], self._number))
                asked.add_done_callback(lambda _: self._room.release())

    async def ask_every(self) -> None:
        """Ask each question once, one after the other, so that the gateway is warm."""
        for question, ending in chats.every_question():
            self._number += 1
            await self._ask("first", partial(chats.first, question, ending), self._number)

    async def _ask(self, kind: str, play: Play, number: int) -> None:
        loop, tally = asyncio.get_running_loop(), self.tally
        tally.asked[kind] += 1
        asked_s = loop.time()
        try:
            async with asyncio.timeout(_LIMIT_S):
                await play(self._caller, Random(number), number)
        except Unexpected as unexpected:
            tally.note(kind, number, str(unexpected))
        except TimeoutError:
            tally.note(kind, number, f"not over after {_LIMIT_S:.0f} s")
        except (OSError, EOFError, AssertionError, ValueError, LookupError) as failure:
            tally.note(kind, number, f"the connection or the answer broke: {failure!r}")
        tally.took_s.setdefault(kind, []).append(loop.time() - asked_s)
