"""docs/routing_outcomes.md, written from what was seen when every scenario was played.

`python -m tests.e2e.routing.outcome_page` plays them and prints the page; a test holds the page to it.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.e2e.routing import speech
from tests.e2e.routing.programme import ACTS, play_all
from tests.e2e.routing.recovery import ALLOWED_FAILS, COOLDOWN_S, Recovery
from tests.e2e.routing.scenarios import LIMIT_S, SHAPES, SHORT_LIMIT_S
from tests.e2e.routing.verdicts import Seen

INTRODUCTION = """\
# How failures end

What a caller gets when an upstream misbehaves. A test run writes this page (`make docs`): every line was seen over real
sockets, with clients of all four formats before an upstream of Chat Completions, and beside a healthy second deployment
also with each other upstream before clients of its own format. A test holds the page to what it sees.

- **alone**: the failing deployment is all there is.
- **with a second**: its group has a healthy second one.
- **with a fallback**: it is alone in its group, and a healthy group is its fallback, by `fallbacks` where nothing else is
  said.

An ending says who answered, or else the status and the class of the error; an error *after 40 tokens* is told within the
stream, since words had gone out. Behind the semicolon stand the calls that were made: of the failing deployment, + of
the other one. `num_retries` is 2, so a group is asked three times at most.

For the run's sake the limits are short: `ttft_timeout`, a stream's first sign of life where somebody else could answer,
is {first_event_s:g} s; `idle_timeout_s`, a silence within an answer, {idle_s:g} s; `first_byte_timeout_s`, the beginning of any
answer, {first_byte_s:g} s. The late answer takes {slow_s:g} s. Every call ended within its caller's own limit: {limit_s:g} s, or {short_limit_s:g} s
where it is the shorter one. Clients of Anthropic's format see 529 where the others see 503.
"""

DOWN = """\
An upstream answers every call with 503, and then comes back. `allowed_fails` is {allowed_fails}, `cooldown_time` {cooldown_s:g} s; behind the
semicolon stand the calls of the deployment that is down.
"""

_MODES = ((True, "Streamed"), (False, "Buffered"))


def page(seen: Sequence[Sequence[Seen]], recoveries: Sequence[Recovery]) -> str:
    """The whole page, of what was seen in each act."""
    return "\n".join([_introduction(), *_acts(seen), *_recovered(recoveries)])


def _introduction() -> str:
    return INTRODUCTION.format(
        first_event_s=speech.FIRST_EVENT_S,
        idle_s=speech.IDLE_S,
        first_byte_s=speech.FIRST_BYTE_S,
        slow_s=speech.SLOW_S,
        limit_s=LIMIT_S,
        short_limit_s=SHORT_LIMIT_S,
    )


def _acts(seen: Sequence[Sequence[Seen]]) -> Iterator[str]:
    for act, played in zip(ACTS, seen, strict=True):
        for stream, mode in _MODES:
            rows = [one for one in played if one.cell.stream is stream]
            if rows:
                yield f"## {mode}{act.title}\n"
                yield from _table(rows)
                yield ""


def _table(seen: Sequence[Seen]) -> Iterator[str]:
    yield f"| the upstream | {' | '.join(SHAPES)} |"
    yield "|---" * (len(SHAPES) + 1) + "|"
    for name in dict.fromkeys(one.cell.scenario.name for one in seen):
        row = [one for one in seen if one.cell.scenario.name == name]
        yield f"| {name} | {' | '.join(_agreed(row, shape) for shape in SHAPES)} |"


def _agreed(row: Iterable[Seen], shape: str) -> str:
    """What all saw; where they differ, who saw what."""
    witnesses: dict[str, list[str]] = {}
    for one in row:
        if one.cell.shape == shape:
            witnesses.setdefault(one.ending, []).append(f"{one.cell.client} from {one.cell.upstream}")
    if len(witnesses) <= 1:
        return next(iter(witnesses), "")
    return "<br>".join(f"{ending} ({', '.join(names)})" for ending, names in witnesses.items())


def _recovered(recoveries: Sequence[Recovery]) -> Iterator[str]:
    yield "## Down for a while, and back\n"
    yield DOWN.format(allowed_fails=ALLOWED_FAILS, cooldown_s=COOLDOWN_S)
    yield "| | its first call | the next calls | once it is back |"
    yield "|---|---|---|---|"
    rows = ((one.cell.shape, one.at_first, one.then, one.back) for one in recoveries)
    yield from (f"| {' | '.join(row)} |" for row in dict.fromkeys(rows))
    yield ""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(page(*asyncio.run(play_all(Path(folder)))))
