"""Where the microseconds go: FeatherGate under load, its stacks sampled. `make profile` writes bench/profile.txt.

usage: python -m bench.profiling [--seconds S] [--results FILE]
py-spy looks from outside where it can be installed and the machine lets it; else the gateway samples itself.
"""

import argparse
import asyncio
import dataclasses
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop

from bench.dialects import Chat
from bench.environments import PY_SPY, ROOT, install_py_spy
from bench.load.connection import once
from bench.load.streams import open_streams, set_pace
from bench.load.wrk import closed_loop
from bench.measures.rounds import say
from bench.mock.server import ENDLESS, Pace
from bench.processes import Process, Program, pin_load, running
from bench.systems import CHAT_PAIR, CHAT_TO_MESSAGES, LOGS, Pair, ask_feathergate, feathergate, upstreams

_TOP: Final = 45
_RATE_HZ: Final = 500
_WARM_UP_S: Final = 1.0
_STREAMS: Final = 64


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the gateway does while it is watched. Streams come at 6,000 chunks a second."""

    title: str
    pair: Pair
    chat: Chat = dataclasses.field(default_factory=Chat)
    connections: int = 32


SCENES: Final = (
    Scene(title="C ← C, 1 kB, 32 connections", pair=CHAT_PAIR),
    Scene(title="C ← A, 1 kB, 32 connections", pair=CHAT_TO_MESSAGES),
    Scene(title="C ← C, 6,000 chunks/s over 64 streams", pair=CHAT_PAIR, chat=Chat(stream=True)),
    Scene(title="C ← A, 6,000 chunks/s over 64 streams", pair=CHAT_TO_MESSAGES, chat=Chat(stream=True)),
    Scene(title="C ← C, 10 MB, 4 connections", pair=CHAT_PAIR, chat=Chat(image_bytes=10_000_000), connections=4),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.profiling", description="Where the microseconds go.")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each scene is watched (6)")
    parser.add_argument("--results", type=Path, help="write what was found to this file too")
    given = parser.parse_args()
    pin_load()
    from_outside = install_py_spy() and _may_look()
    text = uvloop.run(_profile(given.seconds, from_outside=from_outside))
    print(text)
    if given.results is not None:
        given.results.write_text(text, "utf-8")
    return 0


async def _profile(seconds: float, *, from_outside: bool) -> str:
    source = "py-spy" if from_outside else "a timer inside the gateway"
    pages = [f"Where the time goes, by {source}; the shares are of the samples in which the gateway worked.\n"]
    with upstreams():
        for scene in SCENES:
            say(scene.title)
            with tempfile.TemporaryDirectory() as folder:
                stacks = Path(folder) / "stacks"
                program = feathergate(LOGS / "profiled.log")
                if not from_outside:
                    program = _sampling_itself(program, stacks)
                with running(program) as process:
                    async with _load(scene, seconds):
                        if from_outside:
                            await _look(process, stacks, seconds)
                        else:
                            await asyncio.sleep(seconds)
                pages.append(render_profile(scene.title, stacks.read_text("utf-8").splitlines()))
    return "\n".join(pages)


@asynccontextmanager
async def _load(scene: Scene, seconds: float) -> AsyncIterator[None]:
    """Load that lasts somewhat longer than the block does."""
    request = ask_feathergate(scene.pair, scene.chat)
    await once(request)
    if scene.chat.stream:
        await set_pace(Pace(tokens=ENDLESS, interval_s=_STREAMS / 6_000))
        async with open_streams(request, scene.pair.client, _STREAMS):
            yield
        return
    lasting_s = seconds + 2 * _WARM_UP_S
    load = asyncio.ensure_future(closed_loop(request, connections=scene.connections, seconds=lasting_s))
    await asyncio.sleep(_WARM_UP_S)
    yield
    await load


async def _look(process: Process, stacks: Path, seconds: float) -> None:
    """Have py-spy write stacks, each function by its first line."""
    options = ("--duration", f"{seconds:.0f}", "--rate", str(_RATE_HZ), "--format", "raw", "--function")
    watcher = await asyncio.create_subprocess_exec(
        str(PY_SPY),
        "record",
        *options,
        "--output",
        str(stacks),
        "--pid",
        str(process.pid),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await watcher.wait()


def _sampling_itself(program: Program, stacks: Path) -> Program:
    python, _, _, *options = program.command
    return dataclasses.replace(program, command=(python, "-m", "bench.sampled", str(stacks), *options))


def _may_look() -> bool:
    """Whether the machine lets one process look into another."""
    child = subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(9)"], stdout=-1)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        done = subprocess.run([str(PY_SPY), "dump", "--pid", str(child.pid)], capture_output=True, check=False)
        return done.returncode == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def render_profile(title: str, lines: Sequence[str]) -> str:
    """The functions that most samples are in, themselves and with all they call; `lines` as py-spy writes them."""
    own: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    total = 0
    for line in lines:
        stack, _, count = line.rpartition(" ")
        names = [_short(frame) for frame in stack.split(";")]
        total += int(count)
        own[names[-1]] += int(count)
        for name in set(names):
            inclusive[name] += int(count)
    columns = [f"== {title}: {total} samples", "", "  own %   with callees %   function"]
    return "\n".join(
        [
            *columns,
            *(f"{own[n] / total:7.1%} {inclusive[n] / total:18.1%}   {n}" for n, _ in own.most_common(_TOP)),
            "",
            "  with callees %   function",
            *(f"{share / total:16.1%}   {name}" for name, share in inclusive.most_common(_TOP)),
            "",
        ]
    )


def _short(frame: str) -> str:
    """A frame without the folders of this machine."""
    name, _, place = frame.rpartition(" (")
    place = place.rstrip(")").removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]
    return f"{name} ({'/'.join(Path(place).parts[-2:]) if place.startswith('/') else place})"


if __name__ == "__main__":
    sys.exit(main())
