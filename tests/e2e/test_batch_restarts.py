"""Batches across the ends of processes: killed, stopped, replaced; each request has one result all the same."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.e2e.batch_clients import CONCURRENCY, begin, ended, ids, keeping, lines, openai_client, results, until
from tests.e2e.gated_upstream import GatedUpstream, gated_upstream
from tests.e2e.gateway import BY_SIGNAL, Gateway

FOREVER = float("inf")
REQUESTS = 40
WORKERS = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")


@pytest.fixture
def upstream() -> Iterator[GatedUpstream]:
    with gated_upstream() as running:
        yield running


def check(client: openai.OpenAI, batch_id: str, upstream: GatedUpstream, *, deaths: int) -> None:
    """Every request has one result; only those that were in flight at a death were asked again."""
    batch = ended(client, batch_id, "completed")
    assert batch.request_counts is not None
    assert batch.request_counts.to_dict() == {"total": REQUESTS, "completed": REQUESTS, "failed": 0}
    assert batch.error_file_id is None
    found = results(client, batch.output_file_id)
    assert sorted(ids(found)) == sorted(f"id-{number}" for number in range(REQUESTS))
    assert upstream.asked.keys() == {f"prompt {number}" for number in range(REQUESTS)}
    assert REQUESTS <= upstream.asked.total() <= REQUESTS + deaths * CONCURRENCY


@BY_SIGNAL
def test_a_killed_gateway_goes_on_where_it_was(tmp_path: Path, upstream: GatedUpstream) -> None:
    with keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        batch_id = begin(client, lines(REQUESTS)).id
        for answers in (7, 9):
            upstream.let(answers)
            upstream.wait_for(answers)
        gateway.stop(signal.SIGKILL)
    with keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        upstream.let(3)
        upstream.wait_for(20)
        gateway.stop(signal.SIGKILL)
    upstream.let(FOREVER)
    with keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        check(client, batch_id, upstream, deaths=2)


@BY_SIGNAL
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_stopped_gateway_asks_nothing_twice(tmp_path: Path, upstream: GatedUpstream, server: str) -> None:
    with keeping(tmp_path, upstream, "--server", server) as gateway, openai_client(gateway) as client:
        batch_id = begin(client, lines(REQUESTS)).id
        upstream.let(6)
        upstream.wait_for(6 + CONCURRENCY)
        gateway.process.send_signal(signal.SIGTERM)
        until(lambda: _is_refused(client), lambda: gateway.output)
        upstream.let(CONCURRENCY)
        assert gateway.wait() == 0
        assert upstream.asked.total() == 6 + CONCURRENCY
    assert [path.name for path in (tmp_path / "kept").glob("batches*")] == ["batches.sqlite"]
    upstream.let(FOREVER)
    with keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        check(client, batch_id, upstream, deaths=0)


@BY_SIGNAL
def test_what_the_drain_cuts_off_is_asked_again_and_no_failure(tmp_path: Path, upstream: GatedUpstream) -> None:
    with keeping(tmp_path, upstream, "--drain-timeout", "0.1") as gateway, openai_client(gateway) as client:
        batch_id = begin(client, lines(REQUESTS)).id
        upstream.let(6)
        upstream.wait_for(6 + CONCURRENCY)
        assert gateway.stop() == 0
    upstream.let(FOREVER)
    with keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        check(client, batch_id, upstream, deaths=1)


@WORKERS
def test_one_of_several_workers_works_and_another_takes_over(tmp_path: Path, upstream: GatedUpstream) -> None:
    with (
        keeping(tmp_path, upstream, "--workers", "2", "--log-level", "info") as gateway,
        openai_client(gateway) as client,
    ):
        _wait_for_workers(gateway, 2)
        first = _serving(gateway)
        batch_id = begin(client, lines(REQUESTS)).id
        for deaths, pid in enumerate(first, 1):
            upstream.let(5)
            upstream.wait_for(5 * deaths + CONCURRENCY)
            assert upstream.waiting <= CONCURRENCY * deaths
            os.kill(pid, signal.SIGKILL)
            _wait_for_workers(gateway, 2 + deaths)
        upstream.let(FOREVER)
        check(client, batch_id, upstream, deaths=2)


@WORKERS
def test_a_new_configuration_takes_the_batches_over(tmp_path: Path, upstream: GatedUpstream) -> None:
    with (
        keeping(tmp_path, upstream, "--workers", "1", "--log-level", "info") as gateway,
        openai_client(gateway) as client,
    ):
        _wait_for_workers(gateway, 1)
        batch_id = begin(client, lines(REQUESTS)).id
        upstream.let(6)
        upstream.wait_for(6 + CONCURRENCY)
        gateway.process.send_signal(signal.SIGHUP)
        _wait_for_workers(gateway, 2)
        upstream.let(FOREVER)
        # the old worker answers on kept connections until they are idle
        with openai_client(gateway) as later:
            check(later, batch_id, upstream, deaths=0)


def _wait_for_workers(gateway: Gateway, began: int) -> None:
    """Until so many of its workers have begun to serve, those that died since among them."""
    until(lambda: len(_serving(gateway)) == began, lambda: gateway.output)


def _serving(gateway: Gateway) -> list[int]:
    return [int(pid) for pid in re.findall(r"worker (\d+) serves", gateway.output)]


def _is_refused(client: openai.OpenAI) -> bool:
    try:
        client.with_options(timeout=2).batches.list()
    except openai.APIConnectionError:
        return True
    return False
