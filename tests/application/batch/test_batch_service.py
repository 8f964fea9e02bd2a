"""What can be asked of kept batches and files, and what is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.persistence.batch_store import SqliteBatches
from adapters.persistence.data_folder import DataFolder
from adapters.persistence.database import Database
from adapters.persistence.file_store import DiskFiles
from application.batch.kept_files import HIDDEN_INPUT, INPUT, OUTPUT, KeptFiles
from application.batch.service import WINDOW_S, BatchService
from application.ports.batch_store import Cursor
from domain.batch.job import BatchJob, JobStatus
from domain.batch.line import LineShape
from domain.errors import ErrorKind, MalformedRequest

NOW_S = 1_000_000
CHAT = "/v1/chat/completions"


class StoppedClock:
    def monotonic_s(self) -> float:
        return 0.0

    def unix_s(self) -> float:
        return NOW_S + 0.9


class Asked:
    """The use cases over a real disk; `news` counts who was told of news."""

    def __init__(self, root: Path) -> None:
        self.database = Database(DataFolder(root))
        self.store = SqliteBatches(self.database)
        self.news = 0
        self._drawn = 0
        files = DiskFiles(self.database)
        self.files = KeptFiles(files, StoppedClock(), self._draw)
        self.service = BatchService(self.store, files, StoppedClock(), draw_id=self._draw, notice=self._notice)

    def _draw(self) -> str:
        self._drawn += 1
        return f"{self._drawn:032x}"

    def _notice(self) -> None:
        self.news += 1

    def keep(self, purpose: str = INPUT, name: str = "in.jsonl") -> str:
        file_id, upload = self.files.begin()
        upload.write(b"x")
        return self.files.keep(file_id, upload, name=name, purpose=purpose).id

    def create(self) -> BatchJob:
        return self.service.create(self.keep(), CHAT, shape=LineShape.OPENAI, metadata={"a": "b"}, total=7)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    asked = Asked(tmp_path)
    yield asked
    asked.database.close()


def refusal(work: Callable[[], object]) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        work()
    return refused.value


def test_a_new_batch_is_kept_and_told(asked: Asked) -> None:
    job = asked.create()
    assert asked.service.get(job.id, LineShape.OPENAI) == job
    assert (job.created_unix_s, job.expires_unix_s) == (NOW_S, NOW_S + WINDOW_S)
    assert (job.status, job.metadata, job.counts.total) == (JobStatus.VALIDATING, {"a": "b"}, 7)
    assert job.id.startswith("batch_")
    assert asked.news == 1
    other = asked.service.create(asked.keep(HIDDEN_INPUT), "/v1/messages", shape=LineShape.ANTHROPIC)
    assert other.id.startswith("msgbatch_")


def test_a_batch_needs_an_input(asked: Asked) -> None:
    for file_id in ("file-x", f"file-{99:032x}"):
        refused = refusal(lambda: asked.service.create(file_id, CHAT, shape=LineShape.OPENAI))  # noqa: B023
        assert (refused.kind, refused.param) == (ErrorKind.NOT_FOUND, "input_file_id")
    for purpose in (OUTPUT, HIDDEN_INPUT):
        refused = refusal(lambda: asked.service.create(asked.keep(purpose), CHAT, shape=LineShape.OPENAI))  # noqa: B023
        assert refused.param == "input_file_id"
    assert asked.news == 0


def test_an_input_that_goes_meanwhile_is_no_input(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = asked.keep()
    monkeypatch.setattr(asked.store, "add", lambda _: False)
    assert refusal(lambda: asked.service.create(file_id, CHAT, shape=LineShape.OPENAI)).code == "file_not_found"


def test_cancelling_goes_on_until_the_end(asked: Asked) -> None:
    job = asked.create()
    cancelled = asked.service.cancel(job.id, LineShape.OPENAI)
    assert cancelled.status is JobStatus.CANCELLING
    assert asked.service.cancel(job.id, LineShape.OPENAI) == cancelled
    assert asked.news == 3
    assert asked.store.advance(job.id, JobStatus.CANCELLED, NOW_S)
    assert refusal(lambda: asked.service.cancel(job.id, LineShape.OPENAI)).code == "batch_not_cancellable"


def test_what_goes_on_is_not_deleted(asked: Asked) -> None:
    job = asked.create()
    assert refusal(lambda: asked.service.delete(job.id, LineShape.OPENAI)).code == "batch_in_progress"
    assert refusal(lambda: asked.files.delete(job.input_file_id)).code == "file_in_use"
    asked.store.advance(job.id, JobStatus.FAILED, NOW_S)
    asked.service.delete(job.id, LineShape.OPENAI)
    for work in (
        lambda: asked.service.get(job.id, LineShape.OPENAI),
        lambda: asked.service.delete(job.id, LineShape.OPENAI),
        lambda: asked.files.get(job.input_file_id),
        lambda: asked.files.delete(job.input_file_id),
        lambda: asked.files.open(job.input_file_id),
    ):
        assert refusal(work).kind is ErrorKind.NOT_FOUND


def test_vendors_do_not_see_each_others(asked: Asked) -> None:
    job = asked.create()
    for work in (asked.service.get, asked.service.cancel, asked.service.delete):
        assert refusal(lambda: work(job.id, LineShape.ANTHROPIC)).code == "batch_not_found"  # noqa: B023
    assert asked.service.get(job.id, LineShape.OPENAI).status is JobStatus.VALIDATING
    hidden = asked.keep(HIDDEN_INPUT)
    assert refusal(lambda: asked.files.get(hidden)).code == "file_not_found"
    with asked.files.content(hidden) as stream:
        assert stream.read() == b"x"


def test_lists_are_of_one_kind(asked: Asked) -> None:
    job, hidden = asked.create(), asked.keep(HIDDEN_INPUT)
    assert asked.service.page(Cursor(limit=5), LineShape.OPENAI).entries == (job,)
    assert asked.service.page(Cursor(limit=5), LineShape.ANTHROPIC).entries == ()
    for purpose, expected in ((None, 1), (INPUT, 1), (OUTPUT, 0), (HIDDEN_INPUT, 0), ('"', 0)):
        assert len(asked.files.page(Cursor(limit=5), purpose).entries) == expected
    nowhere = Cursor(limit=5, after=hidden)
    assert refusal(lambda: asked.service.page(nowhere, LineShape.OPENAI, member="after_id")).param == "after_id"
    assert refusal(lambda: asked.files.page(Cursor(limit=5, after=job.id), None)).param == "after"


def test_names_are_kept_as_they_are_but_not_for_ever(asked: Asked) -> None:
    assert asked.files.get(asked.keep(name="../é")).name == "../é"
    assert asked.files.get(asked.keep(name="x" * 300 + ".jsonl")).name.endswith("x.jsonl")


def test_content_that_is_gone_is_not_found(asked: Asked) -> None:
    file_id = asked.keep()
    asked.database.folder.file(file_id).unlink()
    assert refusal(lambda: asked.files.open(file_id)).code == "file_not_found"
