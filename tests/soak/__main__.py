"""Ten minutes of everything that clients and vendors do, well and badly: `python -m tests.soak`.

Prints what was seen. Fails where a request ended as it was not meant to, where memory grew, or where descriptors,
sockets, tasks, calls in flight or objects are left at the end.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.long_runs import exit_status
from tests.soak.report import Bounds
from tests.soak.soak import Plan, soak

_WARM_UP_S, _UNSTEADY_S = 60.0, 120.0
"""How long a warm gateway takes to have seen everything, and its memory to become flat; less of a short soak."""


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)s")
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second; default: %(default)s")
    parser.add_argument(
        "--server", choices=("uvicorn", "hypercorn"), default="uvicorn", help="default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the order of requests; default: %(default)s")
    parser.add_argument(
        "--memory-mb", type=float, default=3.0, help="by how much memory may grow; default: %(default)s"
    )
    given = parser.parse_args()
    seconds = given.minutes * 60
    return Plan(
        seconds=seconds,
        rate=given.rate,
        warm_up_s=min(_WARM_UP_S, seconds / 2),
        flat_from_s=min(_UNSTEADY_S, seconds / 2),
        server=given.server,
        seed=given.seed,
        bounds=Bounds(memory_mb=given.memory_mb),
    )


def main() -> int:
    plan = _plan()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(soak(plan, Path(folder)))
    return exit_status(report)


if __name__ == "__main__":
    sys.exit(main())
