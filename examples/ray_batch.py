"""The batch on Ray Data: files of any size, on as many machines as there are (`pip install "feathergate[ray]"`).

`python examples/ray_batch.py 's3://bucket/requests/' results.jsonl --actors 8`

Each actor holds an open gateway and has blocks of lines answered as `feathergate batch` would: same routing,
retries and limits, same format of results, in any order; what fails stays as a failed result. Blocks do not know
where their lines stood: one without a custom_id is called by a number made from what it says. RAY_ADDRESS
names the cluster; without it Ray runs on this machine.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import ray
from ray.data import ActorPoolStrategy

from application.batch.run import BatchLimits
from entrypoints.library import open_gateway

SHARE_OF_A_CPU: Final = 0.5
"""Reading and asking mostly wait; one machine with one processor has room for both."""


class Answering:
    """Answers blocks of lines; one gateway, with its connections, for all blocks of an actor."""

    def __init__(self, config: str, concurrency: int) -> None:
        self._limits = BatchLimits(concurrency=concurrency)
        self._loop = asyncio.Runner()
        self._open = AsyncExitStack()  # as long as the actor lives
        self._gateway = self._loop.run(self._open.enter_async_context(open_gateway(config)))

    def __call__(self, block: dict[str, Any]) -> dict[str, Any]:
        """Lines in, results out; fewer or more rows do not matter to Ray Data."""
        lines = [line.encode() for line in block["text"]]
        results = self._loop.run(self._gateway.answer_lines(lines, self._limits))
        return {"result": np.array([result.decode() for result in results], dtype=object)}


def answer(requests: str, results: Path, *, config: Path, actors: int, concurrency: int) -> int:
    """Have every line of `requests`, a file or folder, answered into `results`; how many there were.

    Raises FileExistsError where there are results already.
    """
    lines = ray.data.read_text(requests, ray_remote_args={"num_cpus": SHARE_OF_A_CPU})
    answered = lines.map_batches(
        Answering,
        fn_constructor_args=(str(config.absolute()), concurrency),
        batch_size=concurrency * 8,
        compute=ActorPoolStrategy(size=actors),
        num_cpus=SHARE_OF_A_CPU,
    )
    written = 0
    with results.open("x", encoding="utf-8") as file:  # results cost money: those of an earlier run stay
        for block in answered.iter_batches(batch_size=None, batch_format="numpy"):
            file.writelines(block["result"])
            written += len(block["result"])
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Have requests answered on Ray.")
    parser.add_argument("requests")
    parser.add_argument("results", type=Path)
    parser.add_argument("--config", type=Path, default=Path("feathergate.yaml"))
    parser.add_argument("--actors", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=64, help="requests at a time of each actor")
    given = parser.parse_args()
    count = answer(
        given.requests, given.results, config=given.config, actors=given.actors, concurrency=given.concurrency
    )
    print(f"{count} results in {given.results}")
