"""A gateway that leaks with every call of a model: what a soak has to notice.

`python -m tests.soak.planted SOCKET serve …` is the inspected gateway, but for that.
"""

import asyncio
import os
import sys
from typing import Any

from adapters.http.data_plane import DataPlane
from tests.soak import inspected_gateway

_KEPT_BYTES = 100_000


class Keepsake:
    """What is kept of one call: memory, a descriptor, a task that never ends."""

    def __init__(self) -> None:
        self.memory = os.urandom(_KEPT_BYTES)
        self.descriptor = os.dup(0)
        self.task = asyncio.ensure_future(asyncio.Event().wait())


def plant() -> None:
    """Have every call leave something behind."""
    keepsakes: list[Keepsake] = []
    serve = DataPlane.serve

    async def leaking(*given: Any, **named: Any) -> None:
        keepsakes.extend((Keepsake(), Keepsake()))
        await serve(*given, **named)

    DataPlane.serve = leaking  # type: ignore[method-assign]  # the leak is planted where every call comes by


if __name__ == "__main__":
    plant()
    inspected_gateway.run(sys.argv[1:])
