"""A run that is killed while it writes, and the one that goes on after it."""

import random
import subprocess
import sys
from pathlib import Path

from adapters.persistence.result_paths import ResultPaths
from tests.architecture.modules import ROOT
from tests.persistence.batch_files import asked, ids_of, opened, recover, write_input, written

LINES = 4000
RUN = """
import pathlib, sys
from tests.persistence.batch_files import asked, line_called, opened, outcome, recover
from adapters.dialects.batch_lines.results import render_result
from adapters.persistence.result_file import ResultFile
from adapters.persistence.result_lock import lock_results
from adapters.persistence.result_paths import ResultPaths

source, output = map(pathlib.Path, sys.argv[1:])
paths = ResultPaths(output=output)
with lock_results(output), opened(source, output, resuming=paths.have_results()) as index:
    recovered = recover(paths, index)
    with ResultFile(paths, render_result) as results:
        print("writing", flush=True)
        for line in asked(index, recovered.finished):
            results.write(line, outcome(text="x" * (line.number % 3000)))
            if line.number % 100 == 0:
                print(line.number, flush=True)
"""


def test_killed_runs_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    source = write_input(tmp_path, [f"id-{number}" for number in range(LINES)])
    paths = ResultPaths(output=tmp_path / "out")
    told = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", RUN, str(source), str(paths.output)], cwd=ROOT, stdout=subprocess.PIPE
        ) as run:
            assert run.stdout is not None
            for _ in range(random.randrange(2, 10)):
                told = max(told, int(run.stdout.readline().strip().replace(b"writing", b"0") or 0))
            run.kill()
        assert len(paths.output.read_bytes().split(b"\n")) > told
    with opened(source, paths.output, resuming=True) as index:
        recovered = recover(paths, index)
        done = written(paths.output)
        assert len(done) == len(set(done)) == recovered.succeeded >= told > 0
        assert done + ids_of(asked(index, recovered.finished)) == [f"id-{number}" for number in range(LINES)]
