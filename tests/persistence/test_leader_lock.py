"""One process leads, until it leaves or is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.persistence.data_folder import DataFolder
from adapters.persistence.leader import LeaderLock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from adapters.persistence.data_folder import DataFolder
from adapters.persistence.leader import LeaderLock
print(LeaderLock(DataFolder(Path(sys.argv[1]))).take(), flush=True)
sys.stdin.read()
"""


def test_one_leads_until_it_leaves(tmp_path: Path) -> None:
    first, second = LeaderLock(DataFolder(tmp_path)), LeaderLock(DataFolder(tmp_path))
    assert first.take()
    assert first.take()
    assert not second.take()
    first.leave()
    assert second.take()
    assert not first.take()
    second.leave()
    second.leave()


def test_a_killed_leader_is_followed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        assert process.stdout.readline() == "True\n"
        lock = LeaderLock(DataFolder(tmp_path))
        assert not lock.take()
        process.kill()
        assert process.wait(10) in {-signal.SIGKILL, 1}
    assert lock.take()
    lock.leave()


def test_a_lock_on_a_file_that_is_gone_is_none(tmp_path: Path) -> None:
    first, second = LeaderLock(DataFolder(tmp_path)), LeaderLock(DataFolder(tmp_path))
    assert first.take()
    DataFolder(tmp_path).lock.unlink()
    assert second.take()
    assert not first.take()
    second.leave()
    assert first.take()
    first.leave()


def test_a_lock_that_cannot_be_is_told(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.lock.write_bytes(b"this is no database, but text of some length" * 50)
    with pytest.raises(OSError, match=r"leader\.lock"):
        LeaderLock(folder).take()
