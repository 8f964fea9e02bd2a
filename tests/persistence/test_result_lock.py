import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_lock import lock_results
from tests.architecture.modules import ROOT

HOLD = """
import pathlib, sys
from adapters.persistence.result_lock import lock_results
lock = lock_results(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_two_runs_do_not_write_the_same_results(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with lock_results(output):
        for _ in range(2):
            with pytest.raises(BatchFilesRefused, match=r"nobody else to write .*out\.jsonl; another run does"):
                lock_results(output)
        with lock_results(tmp_path / "other"):
            pass
    with lock_results(output):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(output)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BatchFilesRefused):
            lock_results(output)
        holder.kill()
    with lock_results(output):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_went_meanwhile_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out.jsonl"
    earlier = [lock_results(output)]
    real_connect = sqlite3.connect

    def connect(path: Path, **options: Any) -> Any:
        """Opened while the earlier run still has the lock, asked for when that has just let go."""
        connection = real_connect(path, **options)
        if earlier:
            earlier.pop().release()
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    with lock_results(output):
        monkeypatch.undo()
        with pytest.raises(BatchFilesRefused):
            lock_results(output)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_may_go_before_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out.jsonl"
    gone: list[Path] = []
    real_touch = Path.touch

    def touch(path: Path) -> None:
        real_touch(path)
        if not gone:
            gone.append(path)
            path.unlink()

    monkeypatch.setattr(Path, "touch", touch)
    with lock_results(output):
        assert (tmp_path / "out.jsonl.lock").exists()


def test_what_is_no_lock_is_not_touched(tmp_path: Path) -> None:
    foreign = tmp_path / "poetry.lock"
    foreign.write_text("versions", "utf-8")
    with pytest.raises(BatchFilesRefused, match=r"expected .*poetry\.lock to be empty, to lock .*poetry;"):
        lock_results(tmp_path / "poetry")
    assert foreign.read_text("utf-8") == "versions"
