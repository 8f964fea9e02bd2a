import contextlib
import io
import json
import sqlite3
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.persistence import index_building
from adapters.persistence.batch_input import BatchInput
from adapters.persistence.index_tables import MAX_MISTAKES
from adapters.persistence.line_index import index_path, open_index
from adapters.persistence.line_set import LineSet
from adapters.persistence.pending_lines import InputChanged
from adapters.persistence.refusals import BatchFilesRefused
from domain.batch.shard import WHOLE, Shard
from tests.persistence.batch_files import NOTHING, asked, chat_line, ids_of, opened, write_input


def test_lines_come_in_order_with_their_numbers(tmp_path: Path) -> None:
    source = write_input(tmp_path, ["a", "b", "c"])
    with opened(source, tmp_path / "out") as index:
        assert [(line.number, line.custom_id) for line in asked(index)] == [(1, "a"), (2, "b"), (3, "c")]
        assert index.report.flawless
        assert (index.report.lines, index.count(WHOLE)) == (3, 3)


def test_files_may_be_written_in_any_way(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(
        b"\xef\xbb\xbf" + chat_line("a") + b"\r\n\r\n  \n" + chat_line("b") + b" \n\n" + chat_line("c")
    )
    with opened(source, tmp_path / "out") as index:
        assert [(line.number, line.custom_id) for line in asked(index)] == [(1, "a"), (4, "b"), (6, "c")]
        assert all(json.loads(line.body)["model"] == "m" for line in asked(index))


def test_every_mistake_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    source = tmp_path / "in"
    bad = b'{"custom_id": "x"'
    not_utf8 = chat_line("y").replace(b"hi", b"\xff")
    source.write_bytes(b"\n".join([chat_line("a"), bad, chat_line("b"), chat_line("a"), not_utf8, chat_line("a")]))
    with opened(source, tmp_path / "out") as index:
        report = index.report
        assert (report.lines, report.bad, report.duplicates, report.flawless) == (2, 2, 2, False)
        told = [(mistake.number, mistake.code) for mistake in report.mistakes]
        duplicate = "duplicate_custom_id"
        assert told == [(2, "invalid_json_line"), (4, duplicate), (5, "invalid_json_line"), (6, duplicate)]
        assert "line 1 has the same" in report.mistakes[3].message
        assert [(line.number, line.custom_id) for line in asked(index)] == [(1, "a"), (3, "b")]
    with opened(source, tmp_path / "out") as again:
        assert [str(mistake) for mistake in again.report.mistakes] == [str(mistake) for mistake in report.mistakes]
        assert ids_of(asked(again)) == ["a", "b"]


def test_of_many_mistakes_the_first_are_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(b"\n".join([chat_line("a"), *[chat_line("a"), b"?"] * MAX_MISTAKES]))
    with opened(source, tmp_path / "out") as index:
        assert (index.report.bad, index.report.duplicates) == (MAX_MISTAKES, MAX_MISTAKES)
        assert [mistake.number for mistake in index.report.mistakes] == list(range(2, MAX_MISTAKES + 2))


def test_a_line_that_is_too_long_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_building, "MAX_LINE_BYTES", 200)
    source = tmp_path / "in"
    source.write_bytes(chat_line("a") + b"\n" + chat_line("b", "x" * 200) + b"\n" + chat_line("c"))
    with opened(source, tmp_path / "out") as index:
        assert ids_of(asked(index)) == ["a", "c"]
        assert [mistake.number for mistake in index.report.mistakes] == [2]


@settings(max_examples=30)
@given(ids=st.lists(st.text(max_size=2), max_size=40), count=st.integers(1, 4))
def test_each_first_line_is_asked_once_by_one_shard(
    ids: list[str], count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    source = write_input(folder, ids)
    expected = [(number, name) for number, name in enumerate(ids, 1) if name and name not in ids[: number - 1]]
    with opened(source, folder / "out") as index:
        assert [(line.number, line.custom_id) for line in asked(index)] == expected
        assert index.report.bad == ids.count("")
        shards = [Shard(index=place, count=count) for place in range(1, count + 1)]
        parts = [asked(index, NOTHING, shard) for shard in shards]
        assert [index.count(shard) for shard in shards] == [len(part) for part in parts]
        assert sorted((line.number, line.custom_id) for part in parts for line in part) == expected
        names = [name for _, name in expected]
        assert index.numbers_of([*names, "none", *names]) == (
            *(n for n, _ in expected),
            None,
            *(n for n, _ in expected),
        )


def test_finished_lines_are_not_asked(tmp_path: Path) -> None:
    source = write_input(tmp_path, [str(number) for number in range(1, 1001)])
    finished = LineSet()
    for number in range(1, 1001):
        if number % 3:
            finished.add(number)
    with opened(source, tmp_path / "out") as index:
        assert ids_of(asked(index, finished)) == [str(number) for number in range(3, 1001, 3)]


def test_an_index_is_used_again(tmp_path: Path) -> None:
    source, path = write_input(tmp_path, ["a", "b"]), index_path(tmp_path / "out")
    with opened(source, tmp_path / "out"):
        made = path.stat().st_ino
    with opened(source, tmp_path / "out", resuming=True) as index:
        assert ids_of(asked(index)) == ["a", "b"]
    assert path.stat().st_ino == made
    assert sorted(tmp_path.iterdir()) == [source, path]


def test_a_new_batch_gets_an_index_of_its_own(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with opened(write_input(tmp_path, ["a"]), output):
        pass
    with opened(write_input(tmp_path, ["b", "c"]), output) as index:
        assert ids_of(asked(index)) == ["b", "c"]
    with opened(write_input(tmp_path, ["b", "c"]), output, shard=Shard(index=2, count=2)) as index:
        assert ids_of(asked(index, NOTHING, Shard(index=2, count=2))) == ["c"]


def test_other_settings_read_the_input_again(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(b'{"contents":[]}')
    with opened(source, tmp_path / "out") as index:
        assert index.report.bad == 1
    with opened(source, tmp_path / "out", resuming=True, reader=LineReader(model="g")) as index:
        assert index.report.flawless


def test_another_input_is_not_resumed(tmp_path: Path) -> None:
    source = write_input(tmp_path, ["a", "b"])
    with opened(source, tmp_path / "out.jsonl"):
        pass
    source.write_bytes(source.read_bytes().replace(b"hi", b"ho"))
    with (
        pytest.raises(
            BatchFilesRefused, match=r"the input that out\.jsonl was begun with; .*in\.jsonl is another"
        ),
        opened(source, tmp_path / "out.jsonl", resuming=True),
    ):
        pass


def test_another_shard_is_not_resumed(tmp_path: Path) -> None:
    source = write_input(tmp_path, ["a", "b"])
    with opened(source, tmp_path / "out", shard=Shard(index=1, count=2)):
        pass
    with (
        pytest.raises(BatchFilesRefused, match="expected shard 1/2, with which out was begun; got 1/1"),
        opened(source, tmp_path / "out", resuming=True),
    ):
        pass


def test_an_index_of_another_version_is_made_again(tmp_path: Path) -> None:
    source, path = write_input(tmp_path, ["a"]), index_path(tmp_path / "out")
    with opened(source, tmp_path / "out"):
        pass
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
        other.execute("DROP TABLE facts")
    with opened(source, tmp_path / "out", resuming=True) as index:
        assert ids_of(asked(index)) == ["a"]


@pytest.mark.parametrize("content", [b"", b"garbage that is no database" * 100, None])
def test_what_is_no_index_is_not_touched(tmp_path: Path, content: bytes | None) -> None:
    source, path = write_input(tmp_path, ["a"]), index_path(tmp_path / "out")
    if content is None:
        with contextlib.closing(sqlite3.connect(path)) as foreign:
            foreign.execute("CREATE TABLE other (x)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with (
        pytest.raises(BatchFilesRefused, match=r"nothing but the index of a batch at .*out\.index"),
        opened(source, tmp_path / "out"),
    ):
        pass
    assert path.read_bytes() == before


def test_an_input_that_changes_under_way_ends_the_batch(tmp_path: Path) -> None:
    source = write_input(tmp_path, ["a", "b"])
    with opened(source, tmp_path / "out") as index:
        pending = index.pending(NOTHING, WHOLE)
        source.write_bytes(chat_line("c") + b"\n")
        for line in (1, 2):
            with pytest.raises(InputChanged, match=f"line {line} is another now"):
                pending.next_line()


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    source = write_input(tmp_path, (f"id-{number}" for number in range(40_000)))
    tracemalloc.start()
    try:
        with opened(source, tmp_path / "out") as index:
            pending = index.pending(NOTHING, WHOLE)
            assert sum(1 for _ in iter(pending.next_line, None)) == 40_000
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4_500_000 < source.stat().st_size


def test_half_an_index_is_never_used(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def die(bytes_read: int) -> None:
        assert bytes_read > 0
        raise Killed

    content = io.BytesIO(write_input(tmp_path, ["a"]).read_bytes())
    with pytest.raises(Killed):
        open_index(
            tmp_path / "index", BatchInput(content, "in"), LineReader(), shard=WHOLE, resuming=False, progress=die
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    source = write_input(tmp_path, ["a"])
    with (
        pytest.raises(OSError, match="batch's index to be written; SQLite says"),
        opened(source, tmp_path / "no" / "out"),
    ):
        pass
