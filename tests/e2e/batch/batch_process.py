"""`feathergate batch` as a user starts it: a process of its own."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.gateway import ROOT, clean_environment, command


def start_batch(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """A batch under way; what it says comes out of pipes."""
    return subprocess.Popen(
        command("batch", *map(str, arguments)),
        cwd=ROOT,
        env=clean_environment(environment),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def run_batch(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    text: str = "",
    timeout_s: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """A batch run to its end, `text` on its standard input."""
    process = start_batch(*arguments, environment=environment, stdin=subprocess.PIPE)
    try:
        out, err = process.communicate(text.encode(), timeout_s)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out.decode(), err.decode())


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The results in a file, without a line that is only half there."""
    if not path.exists():
        return []
    written = path.read_bytes()
    return [json.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]


def succeeded(result: Mapping[str, Any]) -> bool:
    """Whether a result line, of either shape, is an answer."""
    if "result" in result:
        return bool(result["result"]["type"] == "succeeded")
    response = result["response"]
    return response is not None and response["status_code"] == 200 and result["error"] is None
