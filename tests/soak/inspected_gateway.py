"""The gateway, with a window: `python -m tests.soak.inspected_gateway SOCKET serve …` is `feathergate serve …`.

A thread answers each connection to the Unix socket with what is alive in the process, as one line of JSON. Who sends
`collect` has unreachable cycles collected before.
"""

import asyncio
import gc
import json
import socket
import sys
import threading
from collections import Counter
from typing import Any

from entrypoints.cli import main


def open_window(path: str) -> None:
    """Answer at `path` from now on."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=_answer_all, args=(listener,), daemon=True).start()


def _answer_all(listener: socket.socket) -> None:
    while True:
        asking, _ = listener.accept()
        with asking:
            asked = asking.recv(100)
            asking.sendall(json.dumps(_alive(collect=asked == b"collect")).encode())


def _alive(*, collect: bool) -> dict[str, Any]:
    """Unfinished tasks, memory blocks of Python's allocator and, once collected, objects by type."""
    if collect:
        gc.collect()
    objects = gc.get_objects()  # without those that were frozen at the start
    tasks = [one for one in objects if isinstance(one, asyncio.Task) and not one.done()]
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects) if collect else {}
    return {"tasks": len(tasks), "blocks": sys.getallocatedblocks(), "objects": kinds}


def run(argv: list[str]) -> None:
    """Serve behind a window; `argv` is the socket's path, then the gateway's own arguments."""
    open_window(argv[0])
    main(argv[1:])


if __name__ == "__main__":
    run(sys.argv[1:])
