"""The small parts below the handlers: cancel scopes, draining, background tasks, request ids."""

import asyncio
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.cancel_scope import CancelScope
from adapters.http.drain import Drain
from adapters.http.exchange import ClientGone
from adapters.http.headers import choose_request_id, header_value
from adapters.http.task_runner import TaskRunner
from domain.errors import ShuttingDown


def soon(action: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_soon(action)


async def wait_within(scope: CancelScope, *actions: Callable[[], object]) -> None:
    """Wait for ever in `scope`, while `actions` happen."""
    with scope:
        for action in actions:
            soon(action)
        await asyncio.Event().wait()


async def test_a_cancelled_scope_raises_its_cause() -> None:
    scope = CancelScope()
    with pytest.raises(ClientGone):
        await wait_within(scope, lambda: scope.cancel(ClientGone()))
    await asyncio.sleep(0)  # no cancellation is left over


async def test_a_scope_may_be_used_again() -> None:
    scope = CancelScope()
    for _ in range(2):
        with pytest.raises(ClientGone):
            await wait_within(scope, *[lambda: scope.cancel(ClientGone())] * 2)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_outside_a_scope_cancel_does_nothing() -> None:
    scope = CancelScope()
    with scope:
        pass
    scope.cancel(ClientGone())
    await asyncio.sleep(0)


async def test_the_cancellation_of_others_passes() -> None:
    async def work(both: bool) -> None:
        scope = CancelScope()
        await wait_within(scope, *[lambda: scope.cancel(ClientGone())] * both)

    for both in (False, True):
        task = asyncio.get_running_loop().create_task(work(both))
        soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_failure_while_leaving_beats_the_cause() -> None:
    async def work() -> None:
        scope = CancelScope()
        with scope:
            try:
                soon(lambda: scope.cancel(ClientGone()))
                await asyncio.Event().wait()
            finally:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    await asyncio.sleep(0)


def test_scopes_need_a_task() -> None:
    with pytest.raises(RuntimeError):
        CancelScope()


async def test_an_empty_drain_is_waited_for_at_once() -> None:
    drain = Drain()
    drain.begin(60)
    async with asyncio.timeout(1):
        await drain.wait()
    assert drain.draining


async def test_a_second_begin_sets_a_new_timeout() -> None:
    drain = Drain()
    scope = CancelScope()
    drain.enter(scope)
    drain.begin(60)
    drain.begin(0)
    with pytest.raises(ShuttingDown):
        await wait_within(scope)
    with pytest.raises(ShuttingDown):
        drain.enter(CancelScope())
    drain.leave(scope)
    await drain.wait()


async def test_failures_of_tasks_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    runner = TaskRunner()
    task = runner.run(fail())
    assert len(runner) == 1
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert len(runner) == 0
    assert [entry.getMessage() for entry in caplog.records] == ["a background task failed"]


async def test_cancelled_tasks_are_no_failures(caplog: pytest.LogCaptureFixture) -> None:
    runner = TaskRunner()
    task = runner.run(asyncio.sleep(60))
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert (len(runner), caplog.records) == (0, [])


@given(st.text())
def test_header_values_are_visible_ascii(text: str) -> None:
    value = header_value(text)
    assert all(0x21 <= byte <= 0x7E for byte in value)


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_/.:", min_size=1, max_size=128))
def test_sane_ids_are_kept(asked: str) -> None:
    assert choose_request_id(asked) == asked


@given(st.text() | st.none())
def test_ids_are_always_sane(asked: str | None) -> None:
    chosen = choose_request_id(asked)
    assert 0 < len(chosen) <= 128
    assert chosen.isascii()
    assert chosen.isprintable()
