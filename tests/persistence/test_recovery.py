import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.persistence import recovery as module
from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_paths import ResultPaths
from tests.persistence.batch_files import (
    asked,
    ids_of,
    opened,
    paths_apart,
    recover,
    rendered,
    write_input,
    write_results,
    written,
)

IDS = ("a", "b", "c", "d", "e")


class PowerCut(BaseException):
    """The end, at once."""


def test_a_batch_that_has_not_begun_is_asked_whole(tmp_path: Path) -> None:
    with opened(write_input(tmp_path, IDS), tmp_path / "out") as index:
        recovered = recover(ResultPaths(output=tmp_path / "out"), index)
        assert (recovered.succeeded, recovered.failed, recovered.to_retry, recovered.cut_bytes) == (0, 0, 0, 0)
        assert ids_of(asked(index, recovered.finished)) == list(IDS)


def test_what_has_a_result_is_not_asked_again(tmp_path: Path) -> None:
    paths = paths_apart(tmp_path / "out.jsonl")
    write_results(paths, {"d": 200, "b": 500})
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        recovered = recover(paths, index)
        assert (recovered.succeeded, recovered.failed, recovered.to_retry) == (1, 1, 0)
        assert ids_of(asked(index, recovered.finished)) == ["a", "c", "e"]
    assert (written(tmp_path / "out.jsonl"), written(tmp_path / "out.errors.jsonl")) == (["d"], ["b"])


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_cut_at_any_byte_is_gone_on_with(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    paths = ResultPaths(output=folder / "out")
    order = data.draw(st.permutations(IDS))
    lines = [rendered(name, text=data.draw(st.text(max_size=4))) for name in order]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    with opened(write_input(folder, IDS), paths.output) as index:
        paths.output.write_bytes(whole[:cut])
        recovered = recover(paths, index)
        # A line of which nothing but the line feed is missing is a whole result.
        kept = [name for place, name in enumerate(order) if cut >= len(b"".join(lines[: place + 1])) - 1]
        assert paths.output.read_bytes() == b"".join(lines[: len(kept)])
        assert ids_of(asked(index, recovered.finished)) == [name for name in IDS if name not in kept]
        assert (recovered.succeeded, len(recovered.finished)) == (len(kept), len(kept))
        assert recovered.cut_bytes == max(0, cut - paths.output.stat().st_size)


@pytest.mark.parametrize("retry_failed", [False, True])
def test_a_result_without_its_line_feed_is_whole(tmp_path: Path, retry_failed: bool) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    paths.output.write_bytes(rendered("b", 500) + rendered("a").rstrip())
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        recovered = recover(paths, index, retry_failed=retry_failed)
        assert paths.output.read_bytes() == (b"" if retry_failed else rendered("b", 500)) + rendered("a")
        assert (recovered.succeeded, recovered.cut_bytes) == (1, 0)


@settings(max_examples=60)
@given(
    order=st.permutations(IDS),
    holes=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), min_size=1, max_size=3),
)
def test_room_that_was_never_filled_is_taken_out(
    order: list[str], holes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("holes")
    paths = ResultPaths(output=folder / "out")
    content = bytearray(b"".join(map(rendered, order)))
    for start, length in holes:
        hole = range(start, min(start + length, len(content)))
        content[hole.start : hole.stop] = bytes(len(hole))
    intact = [line for line in bytes(content).split(b"\n") if line and b"\0" not in line]
    with opened(write_input(folder, IDS), paths.output) as index:
        paths.output.write_bytes(content)
        recovered = recover(paths, index)
        assert paths.output.read_bytes() == b"".join(line + b"\n" for line in intact)
        assert ids_of(asked(index, recovered.finished)) == sorted(set(IDS) - set(written(paths.output)))


@pytest.mark.parametrize("errors", [False, True])
def test_failed_lines_leave_the_files_to_be_asked_again(tmp_path: Path, errors: bool) -> None:
    paths = paths_apart(tmp_path / "out.jsonl") if errors else ResultPaths(output=tmp_path / "out.jsonl")
    write_results(paths, {"d": 200, "b": 500, "a": 200, "e": 429})
    paths.output.chmod(0o600)
    half = paths.output.read_bytes() + b'{"id":"batch_'
    paths.output.write_bytes(half)
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        recovered = recover(paths, index, retry_failed=True)
        assert (recovered.succeeded, recovered.failed, recovered.to_retry, recovered.cut_bytes) == (2, 0, 2, 13)
        assert ids_of(asked(index, recovered.finished)) == ["b", "c", "e"]
        assert written(paths.output) == ["d", "a"]
        assert not paths.errors or not written(paths.errors)
        assert paths.output.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_failed_lines_leave_at_one_stroke(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> None:
        raise PowerCut

    paths = ResultPaths(output=tmp_path / "out")
    write_results(paths, {"d": 200, "b": 500, "a": 200})
    before = paths.output.read_bytes()
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        with monkeypatch.context() as patch:
            owner, name = {
                "write": (module._Recovery, "_kept"),
                "fsync": (os, "fsync"),
                "replace": (Path, "replace"),
            }[step]
            patch.setattr(owner, name, cut)
            with pytest.raises(PowerCut):
                recover(paths, index, retry_failed=True)
        assert paths.output.read_bytes() == before
        (tmp_path / "out.unfinished").write_bytes(before[:20])
        assert ids_of(asked(index, recover(paths, index).finished)) == ["c", "e"]
        assert ids_of(asked(index, recover(paths, index, retry_failed=True).finished)) == ["b", "c", "e"]
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out", "out.index"}


def test_a_crash_between_two_files_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    write_results(paths, {"a": 200, "b": 500})
    paths = paths_apart(tmp_path / "out")
    write_results(paths, {"c": 500})
    real_replace = Path.replace
    replaced: list[Path] = []

    def replace(path: Path, target: Path) -> Path:
        if replaced:
            raise PowerCut
        replaced.append(target)
        return real_replace(path, target)

    with opened(write_input(tmp_path, IDS), paths.output) as index:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            with pytest.raises(PowerCut):
                recover(paths, index, retry_failed=True)
        assert ids_of(asked(index, recover(paths, index).finished)) == ["b", "d", "e"]
        assert ids_of(asked(index, recover(paths, index, retry_failed=True).finished)) == ["b", "c", "d", "e"]


def test_large_answers_are_not_held(tmp_path: Path) -> None:
    ids = [f"id-{number}" for number in range(40)]
    paths = ResultPaths(output=tmp_path / "out")
    paths.output.write_bytes(b"".join(rendered(custom_id, text="x" * 500_000) for custom_id in ids))
    with opened(write_input(tmp_path, ids), paths.output) as index:
        tracemalloc.start()
        try:
            assert recover(paths, index).succeeded == 40
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 5_000_000 < paths.output.stat().st_size


def test_results_behind_a_link_stay_there(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link, real = tmp_path / "out", tmp_path / "disk" / "real"
    link.symlink_to(real)
    paths = ResultPaths(output=link)
    write_results(paths, {"a": 200, "b": 500})
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        recover(paths, index, retry_failed=True)
    assert link.is_symlink()
    assert written(real) == ["a"]


@pytest.mark.parametrize(
    "content",
    [
        b"notes\n",
        b"notes without an end",
        rendered("a") + b"notes\n" + rendered("b"),
        rendered("a") + b"notes",
        b'{"custom_id":"a","params":{}}\n',
        b'{"custom_id":"a","params":{}}',
        b'{"custom_id":"a","params":\n',
        b"{\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
        b"\0\x01\0\0",
        rendered("a") + rendered("foreign"),
        rendered("a") + rendered("b") + rendered("a", 500),
    ],
)
@pytest.mark.parametrize("retry_failed", [False, True])
def test_files_of_something_else_are_not_touched(tmp_path: Path, content: bytes, retry_failed: bool) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    paths.output.write_bytes(content)
    with (
        opened(write_input(tmp_path, IDS), paths.output) as index,
        pytest.raises(BatchFilesRefused, match=r"line [123]"),
    ):
        recover(paths, index, retry_failed=retry_failed)
    assert paths.output.read_bytes() == content


def test_nothing_is_touched_where_the_other_file_is_something_else(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    paths = ResultPaths(output=tmp_path / "out", errors=errors)
    paths.output.write_bytes(rendered("a") + b'{"id":')
    errors.write_bytes(b"notes\n")
    with (
        opened(write_input(tmp_path, IDS), paths.output) as index,
        pytest.raises(BatchFilesRefused, match=r"on each line of .*errors; line 1 is none"),
    ):
        recover(paths, index)
    assert paths.output.read_bytes().endswith(b'{"id":')


def test_empty_lines_are_no_results(tmp_path: Path) -> None:
    paths = ResultPaths(output=tmp_path / "out")
    paths.output.write_bytes(b"\n" + rendered("a") + b"\n \n" + rendered("b") + b"\n")
    with opened(write_input(tmp_path, IDS), paths.output) as index:
        assert ids_of(asked(index, recover(paths, index).finished)) == ["c", "d", "e"]
