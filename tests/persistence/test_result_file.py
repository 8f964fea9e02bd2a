import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.batch_lines.results import render_result
from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_file import ResultFile
from adapters.persistence.result_paths import ResultPaths
from tests.persistence.batch_files import line_called, outcome, paths_apart, rendered, write_results, written


def test_results_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    with ResultFile(paths, render_result) as results:
        results.write(line_called("a"), outcome())
        assert paths.output.read_bytes() == rendered("a")
        results.write(line_called("b"), outcome(500))
        results.append(rendered("c"), succeeded=False)
        assert written(paths.output) == ["a", "b", "c"]


def test_failures_go_to_a_file_of_their_own_where_there_is_one(tmp_path: Path) -> None:
    paths = paths_apart(tmp_path / "out.jsonl")
    write_results(paths, {"a": 200, "b": 500, "c": 200})
    assert written(tmp_path / "out.jsonl") == ["a", "c"]
    assert written(tmp_path / "out.errors.jsonl") == ["b"]


def test_results_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    write_results(paths, {"a": 200})
    write_results(paths, {"b": 200})
    assert written(paths.output) == ["a", "b"]


def test_a_new_batch_does_not_mix_its_results_with_others(tmp_path: Path) -> None:
    paths = paths_apart(tmp_path / "out")
    paths.refuse_existing()
    assert not paths.have_results()
    write_results(paths, {})
    paths.refuse_existing()
    write_results(paths, {"b": 500})
    assert paths.have_results()
    with pytest.raises(BatchFilesRefused, match=r"out\.errors has some.*--resume"):
        paths.refuse_existing()


@pytest.mark.parametrize(
    ("output", "errors", "why"),
    [
        ("none/out", None, r"the folder of .*none.out to be there"),
        ("out", "none/errors", r"the folder of .*none.errors to be there"),
        (".", None, r"to be a file, to go on with where a run ends"),
        ("pipe", None, r"pipe to be a file"),
        ("out", "pipe", r"pipe to be a file"),
        ("out", "folder/../out", r"a file of their own for failed results"),
    ],
)
def test_what_can_be_no_file_of_results_is_refused(
    tmp_path: Path, output: str, errors: str | None, why: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    paths = ResultPaths(output=tmp_path / output, errors=None if errors is None else tmp_path / errors)
    with pytest.raises(BatchFilesRefused, match=why):
        paths.refuse_unfit()
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "folder"}


def test_every_file_is_synced_at_the_end(tmp_path: Path) -> None:
    synced: list[int] = []
    paths = paths_apart(tmp_path / "out")
    with ResultFile(paths, render_result, sync=lambda file: synced.append(os.fstat(file).st_ino)):
        pass
    assert set(synced) == {path.stat().st_ino for path in paths.all()}


def test_a_sync_that_fails_is_an_error(tmp_path: Path) -> None:
    def sync(file: int) -> None:
        raise OSError(errno.EIO, "disk gone")

    results = ResultFile(ResultPaths(output=tmp_path / "out"), render_result, sync=sync)
    with pytest.raises(OSError, match="disk gone"):
        results.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        results.append(b"{}\n", succeeded=True)


@settings(max_examples=20)
@given(room=st.integers(0, 400), at_once=st.integers(1, 100))
def test_a_full_disk_leaves_whole_lines(room: int, at_once: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("full") / "out"
    real_write = os.write
    whole = room // len(rendered("id-0"))

    def write(handle: int, data: bytes) -> int:
        left = room - os.fstat(handle).st_size
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real_write(handle, data[: min(left, at_once)])

    with pytest.MonkeyPatch.context() as patch, ResultFile(ResultPaths(output=path), render_result) as results:
        patch.setattr(os, "write", write)
        for number in range(whole):
            results.write(line_called(f"id-{number}"), outcome())
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                results.write(line_called("id-x"), outcome())
    assert written(path) == [f"id-{number}" for number in range(whole)]


def test_files_that_cannot_be_opened_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        ResultFile(ResultPaths(output=tmp_path / "out", errors=tmp_path / "errors"), render_result)
