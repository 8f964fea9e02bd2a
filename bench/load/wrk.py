"""Closed-loop load by wrk: as many requests as a number of connections can have answered, one at a time each."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from typing import Final

from bench.dialects import Request
from bench.systems import BENCH

_SCRIPT: Final = str(BENCH / "conf" / "request.lua")
_TIMEOUT_S: Final = 20


class LoadFailed(Exception):
    """wrk could not be run, or nothing was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one run. `failed` are answers other than 2xx and 3xx, and broken connections."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


async def closed_loop(request: Request, *, connections: int, seconds: float) -> Answered:
    """Have wrk ask for `seconds`. Raises LoadFailed."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(request.body)
        file.flush()
        headers = [
            f"{name}:{value}" for name, value in {"content-type": "application/json", **request.headers}.items()
        ]
        timing = ("-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", f"{_TIMEOUT_S}s")
        wrk = await asyncio.create_subprocess_exec(
            "wrk",
            *timing,
            "-s",
            _SCRIPT,
            request.url,
            "--",
            file.name,
            *headers,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await wrk.communicate()
    line = told.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if wrk.returncode != 0 or not line.startswith("{"):
        raise LoadFailed(f"wrk: {line[:200]}")
    return parse_outcome(line)


def parse_outcome(line: str) -> Answered:
    """The line of JSON that the Lua script writes."""
    outcome = json.loads(line)
    return Answered(
        requests=outcome["requests"],
        seconds=outcome["seconds"],
        failed=outcome["failed"],
        p50_ms=outcome["p50_us"] / 1000,
        p95_ms=outcome["p95_us"] / 1000,
        p99_ms=outcome["p99_us"] / 1000,
    )
