"""Have a file of requests answered, go on after a crash, and look at the results.

`python examples/batch_in_process.py requests.jsonl results.jsonl`; run it again, and nothing is asked twice.
"""

import asyncio
import sys
from pathlib import Path

from adapters.dialects.batch_lines.result_reader import read_result
from application.batch.run import BatchLimits
from entrypoints.batch import BatchOrder
from entrypoints.library import open_gateway


async def answer(order: BatchOrder) -> None:
    """Have every line answered that has no result yet."""
    async with open_gateway("feathergate.yaml") as gateway:
        end = await gateway.batch(order, BatchLimits(concurrency=32, max_attempts=3))
    tally = end.tally
    print(f"{end.reason}: {tally.succeeded} succeeded, {tally.failed} failed, {tally.tokens} tokens")


def show_failures(results: Path) -> None:
    """Print which requests failed."""
    with results.open("rb") as lines:
        for result in map(read_result, lines):
            if result is not None and not result.succeeded:
                print(f"{result.custom_id} failed")


if __name__ == "__main__":
    requests, results = Path(sys.argv[1]), Path(sys.argv[2])
    asyncio.run(answer(BatchOrder(requests=requests, output=results, resume=results.exists())))
    show_failures(results)
