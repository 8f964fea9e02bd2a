"""Kept batches worked off on a real disk, with an asker that does what it is told and a clock that can be set."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.http.task_runner import TaskRunner
from adapters.persistence.data_folder import DataFolder
from adapters.persistence.leader import LeaderLock
from application.batch.conduct import MOST_AT_ONCE, ConductBatches
from application.batch.kept_files import HIDDEN_INPUT, INPUT
from application.ports.batch_store import Cursor
from application.ports.batch_work import Interrupted
from domain.batch.job import BatchJob, JobStatus, JobUsage
from domain.batch.line import BatchLine, LineEstimate, LineOutcome, LineShape
from domain.errors import ErrorKind, FeatherGateError, MalformedRequest, ShuttingDown, UpstreamRejected
from entrypoints.kept_batches import KeptBatches

DAY_S = 24 * 60 * 60
CHAT = "/v1/chat/completions"


class SetClock:
    """Goes as fast as it is told."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s


class ToldAsker:
    """Answers while its gate is open; `fails` says with what error."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.in_flight = self.most_in_flight = 0
        self.answer = b'{"said": 1}'
        self.fails: Callable[[BatchLine], FeatherGateError | None] = lambda _: None

    async def ask(self, line: BatchLine) -> LineOutcome:
        self.asked[line.custom_id] += 1
        self.bodies.append(line.body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        error = self.fails(line)
        return LineOutcome(
            status=200 if error is None else error.status,
            body=self.answer,
            request_id="r",
            error=error,
            usage=None,
            cost_usd=None,
            attempts=1,
            duration_s=0.1,
        )

    def estimate(self, line: BatchLine) -> LineEstimate:
        raise AssertionError("expected nobody to ask what nothing limits")


class Kept:
    """A gateway's batches, without its server."""

    def __init__(self, root: Path, concurrency: int = 3) -> None:
        self.clock = SetClock()
        self.asker = ToldAsker()
        self.batches = KeptBatches(root, self.clock, max_upload_bytes=1_000_000, concurrency=concurrency)
        self.files = self.batches.file_service()
        self.service = self.batches.batch_service()
        self.root = root

    @asynccontextmanager
    async def working(self) -> AsyncIterator[ConductBatches]:
        """Within, one process works on batches; at the end it is stopped."""
        conductor, tasks = self.batches.conductor(self.asker, TaskRunner()), TaskRunner()
        task = tasks.run(conductor.run())
        try:
            yield conductor
        finally:
            conductor.stop()
            async with asyncio.timeout(10):
                await task

    def create(self, number: int, shape: LineShape = LineShape.OPENAI, model: str = "m") -> BatchJob:
        file_id, upload = self.files.begin()
        for index in range(number):
            request: dict[str, object] = {"custom_id": f"{index}", "params": {"model": model}}
            if shape is LineShape.OPENAI:
                request = {"custom_id": f"{index}", "method": "POST", "url": CHAT, "body": {"model": model}}
            upload.write(json.dumps(request).encode() + b"\n")
        purpose = INPUT if shape is LineShape.OPENAI else HIDDEN_INPUT
        self.files.keep(file_id, upload, name="in", purpose=purpose)
        return self.service.create(file_id, CHAT if shape is LineShape.OPENAI else "/v1/messages", shape=shape)

    def job(self, made: BatchJob) -> BatchJob:
        return self.service.get(made.id, made.shape)

    def results(self, file_id: str | None) -> list[dict[str, object]]:
        if file_id is None:
            return []
        with self.files.content(file_id) as stream:
            return [json.loads(text) for text in stream]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(condition):
            pass


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "kept")


async def test_what_runs_out_of_time_is_expired(kept: Kept) -> None:
    made = kept.create(20)
    kept.asker.gate.set()
    async with kept.working() as conductor:
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
        kept.asker.gate.clear()
        made = kept.create(3_000)
        await until(lambda: kept.asker.in_flight == 3)
        kept.clock.now_s += DAY_S
        conductor.notice()
        kept.asker.gate.set()
        await until(lambda: kept.job(made).status is JobStatus.EXPIRED)
    job = kept.job(made)
    counts = job.counts
    assert (counts.total, counts.failed) == (3_000, 0)
    assert counts.unasked == 3_000 - counts.succeeded > 0
    assert job.reached[JobStatus.EXPIRED] >= job.expires_unix_s
    errors = kept.results(job.error_file_id)
    assert len(kept.results(job.output_file_id)) == counts.succeeded
    assert {str(one["error"]) for one in errors} == {str(errors[0]["error"])}
    assert "batch_expired" in str(errors[0]["error"])


async def test_what_expired_while_nobody_worked_is_asked_no_more(kept: Kept) -> None:
    made = kept.create(3, LineShape.ANTHROPIC)
    kept.clock.now_s += DAY_S
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.EXPIRED)
    assert kept.asker.asked == {}
    job = kept.job(made)
    assert [one["result"] for one in kept.results(job.output_file_id)] == [{"type": "expired"}] * 3
    assert job.error_file_id is None


async def test_batches_share_the_places_and_one_that_is_large_holds_up_none(kept: Kept) -> None:
    large, small = kept.create(3_000), kept.create(2, model="small")
    async with kept.working():
        await until(lambda: kept.job(small).status is JobStatus.IN_PROGRESS)
        kept.asker.gate.set()
        await until(lambda: {kept.job(large).status, kept.job(small).status} == {JobStatus.COMPLETED})
    assert kept.asker.most_in_flight <= 3
    assert len(kept.asker.bodies) == 3_002
    assert sum(b"small" in body for body in kept.asker.bodies[:2_500]) == 2


async def test_a_failure_for_good_is_a_result_and_another_is_tried_again(kept: Kept) -> None:
    def fails(line: BatchLine) -> FeatherGateError | None:
        if line.custom_id == "1":
            return UpstreamRejected("no", kind=ErrorKind.INVALID_REQUEST)
        if line.custom_id == "2" and kept.asker.asked["2"] == 1:
            return UpstreamRejected("later", retry_after_s=0)
        return None

    kept.asker.fails = fails
    kept.asker.gate.set()
    made = kept.create(4)
    async with kept.working():

        def is_completed() -> bool:
            kept.clock.now_s += 1
            return kept.job(made).status is JobStatus.COMPLETED

        await until(is_completed)
    job = kept.job(made)
    assert (job.counts.succeeded, job.counts.failed) == (3, 1)
    assert [one["custom_id"] for one in kept.results(job.error_file_id)] == ["1"]
    assert kept.asker.asked == {"0": 1, "1": 1, "2": 2, "3": 1}


async def test_what_was_stopped_goes_on_with_the_next_leader(kept: Kept) -> None:
    made = kept.create(10)
    kept.asker.fails = lambda _: ShuttingDown("the gateway is shutting down")
    async with kept.working() as conductor:
        await until(lambda: kept.asker.in_flight == 3)
        conductor.stop()
        kept.asker.gate.set()
    assert kept.job(made).status is JobStatus.IN_PROGRESS
    assert kept.job(made).counts.total == 10
    kept.asker.fails = lambda _: None
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
    assert sorted(kept.asker.asked.values()) == [1] * 7 + [2] * 3
    assert len(kept.results(kept.job(made).output_file_id)) == 10


async def test_only_one_of_two_works_until_it_leaves(kept: Kept) -> None:
    other = Kept(kept.root)
    kept.asker.gate.set()
    other.asker.gate.set()
    async with other.working() as second:
        async with kept.working():
            first = kept.create(3)
            await until(lambda: kept.job(first).status is JobStatus.COMPLETED)
        later = kept.create(3)
        second.notice()
        await until(lambda: kept.job(later).status is JobStatus.COMPLETED)
    assert kept.asker.asked.total() + other.asker.asked.total() == 6


async def test_who_loses_the_lead_asks_nothing_more(kept: Kept) -> None:
    made, other = kept.create(10), LeaderLock(DataFolder(kept.root))
    async with kept.working() as conductor:
        await until(lambda: kept.asker.in_flight == 3)
        DataFolder(kept.root).lock.unlink()
        assert other.take()
        conductor.notice()
        await until(lambda: all(run._turns._closed for run in conductor._runs.values()))
        kept.asker.gate.set()
        await until(lambda: not conductor._runs)
        assert kept.asker.asked.total() == 3
        other.leave()
        conductor.notice()
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
    assert set(kept.asker.asked.values()) == {1}


async def test_a_batch_tells_what_its_answers_took(kept: Kept) -> None:
    kept.asker.gate.set()
    kept.asker.answer = b'{"usage": {"prompt_tokens": 3, "completion_tokens": 2}}'
    kept.asker.fails = lambda line: MalformedRequest("no") if line.number == 1 else None
    made, message_batch = kept.create(4), kept.create(2, LineShape.ANTHROPIC)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
        await until(lambda: kept.job(message_batch).status is JobStatus.COMPLETED)
    assert kept.job(made).usage == JobUsage(prompt_tokens=9, answer_tokens=6)
    assert kept.job(message_batch).usage is None


async def test_a_batch_whose_answers_say_nothing_has_no_usage(kept: Kept) -> None:
    kept.asker.gate.set()
    made = kept.create(2)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
    assert kept.job(made).usage is None


async def test_what_another_process_takes_in_and_cancels_is_noticed(kept: Kept) -> None:
    other = Kept(kept.root)
    async with kept.working() as conductor:
        made = other.create(20)
        await until(lambda: kept.asker.in_flight == 3)
        assert other.service.cancel(made.id, made.shape).status is JobStatus.CANCELLING
        await until(lambda: all(run._turns._closed for run in conductor._runs.values()))
        kept.asker.gate.set()
        await until(lambda: kept.job(made).status is JobStatus.CANCELLED)
    counts = kept.job(made).counts
    assert (counts.succeeded, counts.unasked) == (3, 17)
    assert kept.asker.asked.total() == 3


async def test_a_batch_whose_disk_fails_rests_and_goes_on(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.asker.gate.set()
    made = kept.create(3)
    in_the_way = kept.root / "work" / made.id
    in_the_way.write_bytes(b"no directory")
    async with kept.working() as conductor:
        await until(lambda: "rests for 30 s" in caplog.text)
        in_the_way.unlink()
        kept.clock.now_s += 31
        conductor.notice()
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)


async def test_a_directory_that_fails_is_looked_at_later(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.asker.gate.set()
    made = kept.create(3)
    in_the_way = kept.root / "leader.lock"
    in_the_way.write_bytes(b"no lock, but text that is long enough not to be one " * 50)
    async with kept.working() as conductor:
        await until(lambda: "cannot be worked on" in caplog.text)
        in_the_way.unlink()
        conductor.notice()
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)


async def test_a_defect_with_one_batch_holds_up_no_other(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: BatchLine) -> FeatherGateError | None:
        raise ZeroDivisionError

    kept.asker.gate.set()
    kept.asker.fails = fails
    broken = kept.create(3)
    async with kept.working() as conductor:
        await until(lambda: "a background task failed" in caplog.text)
        kept.asker.fails = lambda _: None
        later = kept.create(3)
        await until(lambda: kept.job(later).status is JobStatus.COMPLETED)
        assert kept.job(broken).status is JobStatus.IN_PROGRESS
        kept.clock.now_s += 31
        conductor.notice()
        await until(lambda: kept.job(broken).status is JobStatus.COMPLETED)


async def test_so_many_batches_are_worked_on_and_others_wait(tmp_path: Path) -> None:
    kept = Kept(tmp_path, concurrency=20)
    made = [kept.create(1) for _ in range(MOST_AT_ONCE + 2)]
    async with kept.working():
        await until(lambda: kept.asker.in_flight == MOST_AT_ONCE)
        states = [kept.job(one).status for one in made]
        assert states == [JobStatus.IN_PROGRESS] * MOST_AT_ONCE + [JobStatus.VALIDATING] * 2
        kept.asker.gate.set()
        await until(lambda: all(kept.job(one).status is JobStatus.COMPLETED for one in made))


@pytest.mark.parametrize("left", [0, 4])
async def test_a_crash_amid_the_last_steps_changes_nothing(kept: Kept, left: int) -> None:
    """A batch is left in FINALIZING, with all its results or with some given up already."""
    kept.asker.gate.set()
    made = kept.create(6)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
    job = kept.job(made)
    output = kept.root / "files" / str(job.output_file_id)
    text = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(b"".join(text[: 6 - left]) + (text[-1][:9] if left else b""))
    database = kept.batches._database
    with database.transaction() as connection:
        connection.execute("DELETE FROM files WHERE id = ?", (job.output_file_id,))
        connection.execute(
            "UPDATE batches SET status = 'finalizing', output_file_id = NULL, unasked = ? WHERE id = ?",
            (left, made.id),
        )
    async with kept.working():
        await until(lambda: kept.job(made).status in {JobStatus.COMPLETED, JobStatus.EXPIRED})
    job = kept.job(made)
    assert job.status is (JobStatus.EXPIRED if left else JobStatus.COMPLETED)
    assert (job.counts.succeeded, job.counts.failed, job.counts.unasked) == (6 - left, 0, left)
    assert len(kept.results(job.output_file_id)) == 6 - left
    assert len(kept.results(job.error_file_id)) == left
    assert kept.asker.asked.total() == 6


async def test_an_input_that_is_gone_fails_the_batch(kept: Kept) -> None:
    made = kept.create(3)
    (kept.root / "files" / made.input_file_id).unlink()
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.FAILED)
    assert [one.code for one in kept.job(made).mistakes] == ["invalid_file"]


async def test_an_input_that_has_changed_fails_the_batch(kept: Kept) -> None:
    kept.asker.gate.set()
    made = kept.create(6)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)
    with (kept.root / "files" / made.input_file_id).open("ab") as stream:
        stream.write(b'{"custom_id": "7"}\n')
    with kept.batches._database.transaction() as connection:
        connection.execute("UPDATE batches SET status = 'finalizing' WHERE id = ?", (made.id,))
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.FAILED)


async def test_a_mistaken_batch_that_is_cancelled_first_is_cancelled(kept: Kept) -> None:
    made = kept.create(0)
    kept.service.cancel(made.id, made.shape)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.CANCELLED)
    assert [one.code for one in kept.job(made).mistakes] == ["empty_file"]


async def test_what_is_stopped_while_it_is_read_waits(kept: Kept) -> None:
    made = kept.create(3)
    async with kept.working() as conductor:
        with pytest.raises(Interrupted):
            conductor._shop.bench.open(made, goes_on=lambda: False)
        kept.asker.gate.set()
        await until(lambda: kept.job(made).status is JobStatus.COMPLETED)


async def test_many_mistakes_are_counted(kept: Kept) -> None:
    file_id, upload = kept.files.begin()
    upload.write(b"x\n" * 130)
    kept.files.keep(file_id, upload, name="in", purpose=INPUT)
    made = kept.service.create(file_id, CHAT, shape=LineShape.OPENAI)
    async with kept.working():
        await until(lambda: kept.job(made).status is JobStatus.FAILED)
    mistakes = kept.job(made).mistakes
    assert (len(mistakes), mistakes[-1].code) == (101, "too_many_errors")
    assert mistakes[-1].message.startswith("30 more")


async def test_kinds_of_batches_do_not_mix(kept: Kept) -> None:
    made = kept.create(1, LineShape.ANTHROPIC)
    with pytest.raises(MalformedRequest):
        kept.service.cancel(made.id, LineShape.OPENAI)
    assert kept.job(made).status is JobStatus.VALIDATING
    assert kept.service.page(Cursor(limit=5), LineShape.OPENAI).entries == ()
    with pytest.raises(MalformedRequest):
        kept.files.get(made.input_file_id)
