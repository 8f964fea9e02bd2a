"""FeatherGate with a sampler inside, for machines on which no profiler may look into another process.

usage: python -m bench.sampled FILE [OPTIONS OF feathergate serve]
Every two milliseconds of CPU time the stack is noted; at the end FILE has one line `outermost;…;innermost COUNT`
for each stack, as py-spy writes them. Time in C counts for the Python function that called it.
"""

import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

from entrypoints.cli import main

_EVERY_S: Final = 0.002


class Sampler:
    """Counts stacks, on a timer that runs while the processor works for this process."""

    def __init__(self) -> None:
        self.stacks: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._note)
        signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def written(self) -> str:
        return "".join(f"{stack} {count}\n" for stack, count in self.stacks.most_common())

    def _note(self, _: int, frame: FrameType | None) -> None:
        names = []
        while frame is not None:
            code = frame.f_code
            names.append(f"{code.co_qualname} ({code.co_filename})")
            frame = frame.f_back
        self.stacks[";".join(reversed(names))] += 1


def run(file: Path, arguments: list[str]) -> None:
    """Serve until a signal, then write what was seen."""
    sampler = Sampler()
    sampler.start()
    try:
        main(arguments)
    finally:
        sampler.stop()
        file.write_text(sampler.written(), "utf-8")


if __name__ == "__main__":
    run(Path(sys.argv[1]), ["serve", *sys.argv[2:]])
