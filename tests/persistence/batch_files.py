"""Inputs, and runs over them, as small as they can be."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.batch_lines.result_reader import read_result
from adapters.dialects.batch_lines.results import render_result
from adapters.persistence.batch_input import open_input
from adapters.persistence.line_index import LineIndex, index_path, open_index
from adapters.persistence.line_set import LineSet
from adapters.persistence.recovery import Recovered, recover_results
from adapters.persistence.result_file import ResultFile
from adapters.persistence.result_paths import ResultPaths
from domain.batch.line import BatchLine, LineOutcome, LineShape
from domain.batch.shard import WHOLE, Shard
from domain.errors import UpstreamRejected

NOTHING = LineSet()


def chat_line(custom_id: str, text: str = "hi") -> bytes:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return json.dumps(
        {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
    ).encode()


def write_input(folder: Path, custom_ids: Iterable[str], name: str = "in.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"".join(chat_line(custom_id) + b"\n" for custom_id in custom_ids))
    return path


@contextmanager
def opened(
    source: Path, output: Path, *, shard: Shard = WHOLE, resuming: bool = False, reader: LineReader | None = None
) -> Iterator[LineIndex]:
    with (
        open_input(str(source), spool=output.parent) as batch_input,
        open_index(
            index_path(output), batch_input, reader or LineReader(), shard=shard, resuming=resuming
        ) as index,
    ):
        yield index


def asked(index: LineIndex, finished: LineSet = NOTHING, shard: Shard = WHOLE) -> list[BatchLine]:
    """Every line that is to be asked."""
    pending = index.pending(finished, shard)
    return list(iter(pending.next_line, None))


def ids_of(lines: Iterable[BatchLine]) -> list[str]:
    return [line.custom_id for line in lines]


def line_called(custom_id: str) -> BatchLine:
    return BatchLine(
        number=1, custom_id=custom_id, shape=LineShape.OPENAI, path="/v1/chat/completions", model="m", body=b"{}"
    )


def outcome(status: int = 200, text: str = "fine") -> LineOutcome:
    return LineOutcome(
        status=status,
        body=json.dumps({"text": text}).encode(),
        request_id="r",
        error=None if status == 200 else UpstreamRejected("refused", status=status),
        usage=None,
        cost_usd=None,
        attempts=1,
        duration_s=0.1,
    )


def rendered(custom_id: str, status: int = 200, text: str = "fine") -> bytes:
    return render_result(line_called(custom_id), outcome(status, text))


def paths_apart(output: Path) -> ResultPaths:
    """Failed results in a file of their own."""
    return ResultPaths(output=output, errors=output.with_name(f"{output.stem}.errors{output.suffix}"))


def write_results(paths: ResultPaths, statuses: dict[str, int]) -> None:
    with ResultFile(paths, render_result) as results:
        for custom_id, status in statuses.items():
            results.write(line_called(custom_id), outcome(status))


def written(path: Path) -> list[str]:
    """The ids in a results file, each line of which must be whole."""
    return [json.loads(line)["custom_id"] for line in path.read_bytes().splitlines()]


def recover(paths: ResultPaths, index: LineIndex, *, retry_failed: bool = False) -> Recovered:
    return recover_results(paths, index, read_result, retry_failed=retry_failed)
