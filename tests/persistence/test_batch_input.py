import gzip
import hashlib
import io
import os
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.persistence import batch_input as module
from adapters.persistence.batch_input import BatchInput, open_input
from adapters.persistence.refusals import BatchFilesRefused

CONTENT = b"one\ntwo\r\n\nfour"


def lines_of(batch_input: BatchInput) -> list[bytes]:
    lines = list(batch_input.scan(lambda block: None))
    assert all(batch_input.line_at(start).rstrip(b"\n") == line for start, line in lines)
    return [line for _, line in lines]


def of_bytes(content: bytes) -> BatchInput:
    return BatchInput(io.BytesIO(content), "here")


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(CONTENT)
    with open_input(str(path), spool=tmp_path / "nowhere") as batch_input:
        assert lines_of(batch_input) == [b"one", b"two\r", b"", b"four"]
        assert batch_input.name == str(path)


def test_a_gzip_file_is_inflated_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(CONTENT[:4]) + gzip.compress(CONTENT[4:]))
    with open_input(str(path), spool=tmp_path) as batch_input:
        assert lines_of(batch_input) == [b"one", b"two\r", b"", b"four"]
        assert batch_input.digest() == hashlib.sha256(CONTENT).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [b"not gzip", b"", gzip.compress(CONTENT)[:-9], gzip.compress(CONTENT)[:12] + b"\xff" * 20],
    ids=["foreign", "empty", "cut", "garbled"],
)
def test_a_broken_gzip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(content)
    if not content:
        with open_input(str(path), spool=tmp_path) as batch_input:
            assert lines_of(batch_input) == []
        return
    with pytest.raises(BatchFilesRefused, match=r"in\.jsonl\.gz to be a whole gzip file"):
        open_input(str(path), spool=tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_standard_input_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryFile("w+") as stdin:
        stdin.buffer.write(CONTENT)
        stdin.seek(0)
        monkeypatch.setattr(sys, "stdin", stdin)
        with open_input("-", spool=tmp_path) as batch_input:
            assert lines_of(batch_input) == [b"one", b"two\r", b"", b"four"]
            assert batch_input.name == "standard input"


def test_a_pipe_is_copied(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(CONTENT,))
    writer.start()
    with open_input(str(pipe), spool=tmp_path) as batch_input:
        writer.join()
        assert lines_of(batch_input) == [b"one", b"two\r", b"", b"four"]


def test_an_input_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for source in (tmp_path / "absent", tmp_path):
        with pytest.raises(BatchFilesRefused, match=f"expected an input that can be read; {source}: "):
            open_input(str(source), spool=tmp_path)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfone\ntwo", b"one\n\xef\xbb\xbftwo", b"\xef\xbb\xbf", b"\n"])
def test_a_byte_order_mark_is_none_of_the_first_line(content: bytes) -> None:
    assert lines_of(of_bytes(content)) == content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")


@given(
    content=st.lists(st.sampled_from([b"a", b"\n", b"\r", b"bc", b"\x85"]), max_size=30).map(b"".join),
    size=st.integers(1, 7),
)
def test_blocks_make_no_difference(content: bytes, size: int) -> None:
    seen: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK_BYTES", size)
        batch_input = of_bytes(content)
        lines = list(batch_input.scan(seen.append))
    assert b"".join(seen) == content
    assert [line for _, line in lines] == content.split(b"\n")[: None if content and content[-1:] != b"\n" else -1]
    assert all(content[start : start + len(line)] == line for start, line in lines)


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK_BYTES", 4)
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 10)
    lines = list(of_bytes(b"ab\n" + b"x" * 1000 + b"\ncd\n").scan(lambda block: None))
    assert [start for start, _ in lines] == [0, 3, 1004]
    assert 10 < len(lines[1][1]) < 20
    assert lines[2][1] == b"cd"
