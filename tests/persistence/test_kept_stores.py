"""Files and batches as the gateway keeps them, seen from two processes that share the directory."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from adapters.persistence.batch_store import ABANDONED_S, SqliteBatches
from adapters.persistence.data_folder import DataFolder, is_id
from adapters.persistence.database import Database
from adapters.persistence.file_store import DiskFiles
from application.ports.batch_store import Cursor, FileInUse
from domain.batch.job import (
    COMES_AFTER,
    UNFINISHED,
    BatchJob,
    JobCounts,
    JobMistake,
    JobStatus,
    JobUsage,
    KeptFile,
    errors_id,
    output_id,
)
from domain.batch.line import LineShape

LASTS = sorted(frozenset(JobStatus) - UNFINISHED)
FEW = settings(max_examples=12, stateful_step_count=25)


def file_id(number: int) -> str:
    return f"file-{number:032x}"


def job_id(number: int) -> str:
    return f"batch_{number:032x}"


def kept(number: int, content: bytes = b"", purpose: str = "batch") -> KeptFile:
    return KeptFile(
        id=file_id(number), purpose=purpose, name="a/../b.jsonl", size_bytes=len(content), created_unix_s=number
    )


def job(number: int, input_number: int, shape: LineShape = LineShape.OPENAI) -> BatchJob:
    return BatchJob(
        id=job_id(number),
        shape=shape,
        path="/v1/chat/completions",
        input_file_id=file_id(input_number),
        created_unix_s=number,
        expires_unix_s=number + 86_400,
        metadata={"é": "\u2028"} if number % 2 else None,
    )


class Process:
    """What one process has of the directory."""

    def __init__(self, root: Path) -> None:
        self.folder = DataFolder(root)
        self.database = Database(self.folder)
        self.files = DiskFiles(self.database)
        self.batches = SqliteBatches(self.database)

    def keep(self, number: int, content: bytes = b"", purpose: str = "batch") -> KeptFile:
        file = kept(number, content, purpose)
        upload = self.files.begin(file.id)
        upload.write(content)
        self.files.keep(upload, file)
        upload.discard()
        return file


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "kept")
    yield process
    process.database.close()


class Stores(RuleBasedStateMachine):
    """What any steps of two processes leave is what they would leave in memory."""

    numbers = Bundle("numbers")
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name) / "deep" / "kept"
        self.processes = (Process(root), Process(root))
        self.model_files: dict[int, tuple[KeptFile, bytes]] = {}
        self.model_jobs: dict[int, BatchJob] = {}
        self.number = 0

    def teardown(self) -> None:
        for process in self.processes:
            process.database.close()
        self.folder.cleanup()

    def process(self) -> Process:
        self.number += 1
        return self.processes[self.number % 2]

    @rule(target=numbers, content=st.binary(max_size=50), purpose=st.sampled_from(["batch", "message_batch"]))
    def keep(self, content: bytes, purpose: str) -> int:
        process = self.process()
        number = self.number
        self.model_files[number] = (process.keep(number, content, purpose), content)
        return number

    @rule(target=jobs, number=numbers, shape=st.sampled_from([LineShape.OPENAI, LineShape.ANTHROPIC]))
    def add(self, number: int, shape: LineShape) -> int:
        process = self.process()
        made = job(self.number, number, shape)
        assert process.batches.add(made) == (number in self.model_files)
        if number in self.model_files:
            self.model_jobs[self.number] = made
        return self.number

    @rule(number=jobs, status=st.sampled_from(JobStatus))
    def advance(self, number: int, status: JobStatus) -> None:
        mistakes = (JobMistake(code="x", message="é", line=3), JobMistake(code="y", message=""))
        known = self.model_jobs.get(number)
        process = self.process()
        moved = process.batches.advance(job_id(number), status, self.number, total=9, mistakes=mistakes)
        assert moved == (known is not None and known.status in COMES_AFTER[status])
        if moved:
            found = process.batches.get(job_id(number))
            assert found is not None
            assert (found.status, found.reached[status], found.counts.total) == (status, self.number, 9)
            assert found.mistakes == mistakes
            self.model_jobs[number] = found

    @rule(number=jobs, status=st.sampled_from(LASTS))
    def finish(self, number: int, status: JobStatus) -> None:
        known = self.model_jobs.get(number)
        process = self.process()
        output = KeptFile(
            id=output_id(job_id(number)), purpose="batch_output", name="o", size_bytes=0, created_unix_s=1
        )
        counts = JobCounts(total=3, succeeded=1, failed=1, unasked=1)
        usage = JobUsage(prompt_tokens=2**70, reasoning_tokens=3) if self.number % 2 else None
        done = process.batches.finish(
            job_id(number), status, self.number, counts=counts, results={"output": output}, usage=usage
        )
        assert done == (known is not None and known.status in COMES_AFTER[status])
        assert (process.files.get(output.id) == output) or not done
        if done:
            found = process.batches.get(job_id(number))
            assert found is not None
            assert (found.output_file_id, found.error_file_id, found.counts) == (output.id, None, counts)
            assert found.usage == usage
            self.model_jobs[number] = found

    @rule(number=numbers)
    def delete_file(self, number: int) -> None:
        readers = [
            one.id
            for one in self.model_jobs.values()
            if one.input_file_id == file_id(number) and one.status in UNFINISHED
        ]
        if readers:
            with pytest.raises(FileInUse) as used:
                self.process().files.delete(file_id(number))
            assert used.value.job_id in readers
        else:
            assert self.process().files.delete(file_id(number)) == (number in self.model_files)
            self.model_files.pop(number, None)

    @rule(number=consumes(jobs))
    def delete_job(self, number: int) -> None:
        known = self.model_jobs.get(number)
        done = self.process().batches.delete(job_id(number))
        assert done == (known is not None and known.status not in UNFINISHED)
        if known is not None and done:
            del self.model_jobs[number]
            self.model_files = {n: f for n, f in self.model_files.items() if file_id(n) != known.input_file_id}

    @invariant()
    def nothing_else_is_there(self) -> None:
        process = self.processes[0]
        for number, (file, content) in self.model_files.items():
            assert process.files.get(file_id(number)) == file
            with process.files.open(file_id(number)) as stream:
                assert stream.read() == content
        unfinished = [one for one in self.model_jobs.values() if one.status in UNFINISHED]
        assert list(process.batches.unfinished()) == unfinished
        for shape in (LineShape.OPENAI, LineShape.ANTHROPIC):
            page = process.batches.page(Cursor(limit=1000), shape)
            assert [one for one in page.entries][::-1] == [  # noqa: C416 - a copy of a tuple, backwards
                one for one in self.model_jobs.values() if one.shape is shape
            ]


TestStores = Stores.TestCase
TestStores.settings = FEW


@settings(max_examples=20)
@given(st.integers(0, 12), st.integers(1, 6), st.booleans(), st.data())
def test_pages_make_up_the_list(number: int, limit: int, newest_first: bool, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        process = Process(Path(root))
        purposes = [data.draw(st.sampled_from(["batch", "other"])) for _ in range(number)]
        for place, purpose in enumerate(purposes):
            process.keep(place, purpose=purpose)
        expected = [file_id(place) for place, purpose in enumerate(purposes) if purpose == "batch"]
        found: list[str] = []
        has_more, after = True, None
        while has_more:
            cursor = Cursor(limit=limit, after=after, newest_first=newest_first)
            page = process.files.page(cursor, frozenset({"batch"}))
            has_more = page.has_more
            assert len(page.entries) == limit if has_more else len(page.entries) <= limit
            found += [file.id for file in page.entries]
            after = found[-1] if found else None
        assert found == (expected[::-1] if newest_first else expected)
        for nobody in (file_id(99), "file-nobody", "\ud800"):
            with pytest.raises(LookupError):
                process.files.page(Cursor(limit=1, after=nobody), frozenset({"batch"}))
        process.database.close()


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,16}[-_][0-9a-f]{32}[\n\0/.]"))
def test_only_ids_become_names_of_files(text: str) -> None:
    folder = DataFolder(Path("anywhere"))
    if not is_id(text):
        for place in (folder.file, folder.upload, folder.work):
            with pytest.raises(FileNotFoundError):
                place(text)
    else:
        assert folder.file(text).parent == Path("anywhere") / "files"


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=300)))
def test_what_comes_in_is_what_is_kept(pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as root:
        process = Process(Path(root))
        upload = process.files.begin(file_id(1))
        for piece in pieces:
            upload.write(piece)
        content = b"".join(pieces)
        assert upload.size_bytes == len(content)
        process.files.keep(upload, kept(1, content))
        upload.discard()
        with process.files.open(file_id(1)) as stream:
            assert stream.read() == content
        with pytest.raises(OSError, match="ended"):
            upload.write(b"more")
        process.database.close()


def test_what_is_discarded_leaves_nothing(process: Process) -> None:
    upload = process.files.begin(file_id(1))
    upload.write(b"half")
    upload.discard()
    assert process.folder.contents() == ()
    assert process.files.get(file_id(1)) is None


def test_what_killed_processes_left_is_swept_and_nothing_else(process: Process) -> None:
    process.keep(1, b"input")
    process.batches.add(job(2, 1))
    left = process.files.begin(file_id(3))
    left.write(b"cut short")
    left.close()
    for number in (4, 5):
        process.folder.work(job_id(number)).mkdir()
    process.folder.work(job_id(2)).mkdir()
    results = [process.folder.file(output_id(job_id(2))), process.folder.file(errors_id(job_id(2)))]
    orphan = process.folder.file(file_id(9))
    for path in (*results, orphan):
        path.write_bytes(b"x")
    now_unix_s = orphan.stat().st_mtime

    process.batches.sweep(now_unix_s + ABANDONED_S / 2)
    assert orphan.exists()
    process.batches.sweep(now_unix_s + ABANDONED_S * 2)
    assert {path.name for path in process.folder.contents()} == {file_id(1), *(path.name for path in results)}
    assert [path.name for path in process.folder.works()] == [job_id(2)]
    left.discard()


@given(st.text(alphabet=st.characters(), max_size=9))
def test_what_is_no_id_is_nobodys(text: str) -> None:
    process = Process(Path("nowhere"))
    assert process.files.get(text) is None
    assert process.batches.get(text) is None


def test_the_directory_is_its_owners_alone(process: Process) -> None:
    process.keep(1)
    if os.name == "posix":
        assert process.folder.root.stat().st_mode & 0o077 == 0


def test_a_directory_that_is_deleted_is_begun_anew_by_all(process: Process) -> None:
    other = Process(process.folder.root)
    process.keep(1)
    assert other.files.get(file_id(1)) is not None
    shutil.rmtree(process.folder.root)
    assert process.files.get(file_id(1)) is None
    process.keep(2)
    assert other.files.get(file_id(2)) is not None
    other.database.close()


def test_a_database_of_another_version_is_left_alone(process: Process) -> None:
    process.keep(1)
    process.database.close()
    with sqlite3.connect(process.folder.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OSError, match="version 99"):
        process.files.get(file_id(1))


def test_a_transaction_that_cannot_be_committed_is_none_and_others_may_follow(process: Process) -> None:
    def broken() -> None:
        with process.database.transaction() as connection:
            connection.execute("CREATE TABLE t (id TEXT REFERENCES files (id) DEFERRABLE INITIALLY DEFERRED)")
            connection.execute("INSERT INTO t VALUES ('nobody')")

    with process.database.reading() as connection:
        connection.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(OSError, match="FOREIGN KEY"):
        broken()
    process.keep(1)
    assert process.files.get(file_id(1)) is not None


def test_a_broken_transaction_leaves_nothing(process: Process) -> None:
    def broken() -> None:
        with process.database.transaction() as connection:
            connection.execute("INSERT INTO files VALUES (1, 'a', 'b', 'c', 1, 1)")
            connection.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(OSError, match="no such table"):
        broken()
    assert process.files.get("a") is None
