"""A batch put together from files, with somebody else to answer it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.observability.system_clock import SystemClock
from adapters.persistence.refusals import BatchFilesRefused
from application.batch.run import BatchLimits, EndReason
from domain.batch.line import BatchLine, LineEstimate, LineOutcome
from domain.batch.shard import Shard
from entrypoints.batch import BatchOrder, MistakenLines, open_batch

LIMITS = BatchLimits(concurrency=4)
COST_USD = 0.25


class Asker:
    """Answers everything at once, for a quarter of a dollar."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, line: BatchLine) -> LineOutcome:
        self.asked.append(line.custom_id)
        return LineOutcome(
            status=200,
            body=b'{"ok": true}',
            request_id="r",
            error=None,
            usage=None,
            cost_usd=COST_USD,
            attempts=1,
            duration_s=0.1,
        )

    def estimate(self, line: BatchLine) -> LineEstimate:
        return LineEstimate(prompt_tokens=1, answer_tokens=1, cost_usd=COST_USD)


class Watch:
    """Hears what happens."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def asking(self, line: BatchLine) -> None:
        self.heard.append(f"asking {line.custom_id}")

    def retrying(self, line: BatchLine, outcome: LineOutcome, wait_s: float) -> None:
        raise AssertionError("nothing fails")

    def finished(self, line: BatchLine, outcome: LineOutcome) -> None:
        self.heard.append(f"finished {line.custom_id}")


def lines(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"custom_id": f"c{number}", "model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def order(tmp_path: Path) -> BatchOrder:
    requests = tmp_path / "requests.jsonl"
    requests.write_text("".join(json.dumps(line) + "\n" for line in lines(6)), encoding="utf-8")
    return BatchOrder(requests=requests, output=tmp_path / "results.jsonl")


def going_on(order: BatchOrder) -> BatchOrder:
    return BatchOrder(requests=order.requests, output=order.output, resume=True)


async def answered(order: BatchOrder, limits: BatchLimits = LIMITS) -> tuple[EndReason, list[str], float]:
    """How the batch ended, what was asked, and what was spent in all."""
    asker = Asker()
    with open_batch(order) as opened:
        run = opened.prepare(asker, limits, clock=SystemClock(), draw=Random(1).random)
        end = await run.run()
        return end.reason, asker.asked, opened.spent_usd


async def test_the_watch_hears_and_results_are_written(order: BatchOrder) -> None:
    watch = Watch()
    with open_batch(order) as opened:
        assert (opened.total, opened.skipped, opened.spent_usd) == (6, 0, 0.0)
        await opened.prepare(Asker(), LIMITS, clock=SystemClock(), watch=watch).run()
    assert {*watch.heard} == {f"{what} c{number}" for what in ("asking", "finished") for number in range(6)}
    assert len(order.output.read_text("utf-8").splitlines()) == 6


async def test_a_budget_is_that_of_all_runs(order: BatchOrder) -> None:
    limits = BatchLimits(concurrency=4, budget_usd=3.5 * COST_USD)
    reason, asked, spent_usd = await answered(order, limits)
    assert (reason, len(asked), spent_usd) == (EndReason.BUDGET, 3, 3 * COST_USD)
    reason, asked, spent_usd = await answered(going_on(order), limits)
    assert (reason, len(asked), spent_usd) == (EndReason.BUDGET, 0, 3 * COST_USD)
    reason, asked, spent_usd = await answered(going_on(order))
    assert (reason, len(asked), spent_usd) == (EndReason.COMPLETE, 3, 6 * COST_USD)


async def test_a_batch_begun_anew_has_spent_nothing(order: BatchOrder) -> None:
    await answered(order)
    with pytest.raises(BatchFilesRefused):
        await answered(order)
    order.output.unlink()
    assert (await answered(order))[2] == 6 * COST_USD


FAILED = '{"custom_id": "c0", "response": null, "error": {"code": "x"}}\n'


@pytest.mark.parametrize("named_again", [False, True])
async def test_failed_results_stay_where_the_first_run_put_them(order: BatchOrder, named_again: bool) -> None:
    errors = order.output.with_name("failures.jsonl")
    with open_batch(replace(order, errors=errors)) as opened:
        assert opened.paths.errors == errors
    errors.write_text(FAILED, encoding="utf-8")
    with pytest.raises(BatchFilesRefused, match=r"failures\.jsonl has some"):
        await answered(replace(order, errors=errors))
    for model in (None, "other"):  # which makes another index
        with open_batch(
            replace(order, resume=True, model=model, errors=errors if named_again else None)
        ) as opened:
            assert opened.paths.errors is not None
            assert opened.paths.errors.samefile(errors)
            assert (opened.earlier.succeeded, opened.earlier.failed) == (0, 1)


async def test_failed_results_are_not_spread_over_files(order: BatchOrder) -> None:
    first, second = order.output.with_name("first"), order.output.with_name("second")
    with open_batch(replace(order, errors=first)):
        pass
    with pytest.raises(BatchFilesRefused, match=r"failed results in .*first, where.*got .*second"):
        await answered(replace(order, errors=second, resume=True))
    first.rename(second)
    second.write_text(FAILED, encoding="utf-8")
    for errors in (second, None):
        with open_batch(replace(order, errors=errors, resume=True)) as opened:
            assert (opened.paths.errors, opened.earlier.failed) == (second, 1)


async def test_going_on_with_nothing_begins_with_whatever_there_is(order: BatchOrder) -> None:
    with open_batch(replace(order, shard=Shard(1, 4))):
        pass
    assert (await answered(going_on(order)))[:2] == (EndReason.COMPLETE, [f"c{number}" for number in range(6)])


def test_mistaken_lines_are_told_and_may_be_skipped(order: BatchOrder) -> None:
    assert order.requests is not None
    with order.requests.open("a", encoding="utf-8") as file:
        file.write("{oops\n")
    with pytest.raises(MistakenLines) as refused, open_batch(order):
        pass
    assert [mistake.number for mistake in refused.value.report.mistakes] == [7]
    assert not order.output.exists()
    skipping = BatchOrder(requests=order.requests, output=order.output, skip_bad_lines=True)
    with open_batch(skipping) as opened:
        assert (opened.total, opened.skipped) == (6, 1)


def test_nothing_but_mistaken_lines_is_not_skipped(order: BatchOrder) -> None:
    assert order.requests is not None
    order.requests.write_text("{oops\n", encoding="utf-8")
    with pytest.raises(MistakenLines), open_batch(replace(order, skip_bad_lines=True)):
        pass
    assert not order.output.exists()
    order.requests.write_text("\n", encoding="utf-8")
    with open_batch(replace(order, skip_bad_lines=True)) as opened:
        assert (opened.total, opened.skipped) == (0, 0)


def test_a_shard_counts_its_own_lines(order: BatchOrder) -> None:
    sharded = BatchOrder(requests=order.requests, output=order.output, shard=Shard(1, 4))
    with open_batch(sharded) as opened:
        assert opened.total == 2
