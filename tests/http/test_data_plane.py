"""What happens to handlers that misbehave, and how paths find their routes; handlers of other routes come the same way."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from quart import Quart

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http.access import AccessPolicy
from adapters.http.data_plane import DataPlane
from adapters.http.drain import Drain
from adapters.http.inbound import Inbound
from adapters.http.lane import lane_to
from adapters.http.routes import PathRule, Route, RouteTable
from adapters.http.task_runner import TaskRunner
from tests.http.gateway_under_test import Books, Gateway, LoopClock, ScriptedProvider, served


class Handling:
    def __init__(self, work: Callable[[Inbound], Coroutine[Any, Any, None]]) -> None:
        self.handle = work


def gateway_with(work: Callable[[Inbound], Coroutine[Any, Any, None]]) -> Gateway:
    books, drain, tasks = Books(), Drain(), TaskRunner()
    route = Route(name="/work", dialect=OpenAIChat(), handler=Handling(work))
    rule = PathRule("/v1beta/models/", {":generateContent": route})
    plane = DataPlane(
        routes=RouteTable({"/work": route}, [rule]),
        access=AccessPolicy(),
        drain=drain,
        ledger=books,
        log=books,
        clock=LoopClock(),
        tasks=tasks,
    )
    app = Quart("test")
    app.asgi_http_class = lane_to(plane, tasks)
    return Gateway(app, ScriptedProvider({}), books, drain, tasks, plane)


async def test_a_broken_answer_cannot_be_mistaken_for_a_whole_one(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(200, [(b"content-type", b"application/json")])
        await inbound.exchange.write(b"[1,")
        raise ZeroDivisionError

    async with served(gateway_with(work), server) as gateway:
        answer = await gateway.ask("POST", "/work")
    assert (answer.body, answer.complete) == (b"[1,", False)
    assert len([entry for entry in caplog.records if entry.exc_info]) == 1


async def test_a_handler_that_answers_nothing_does_not_hang(server: str) -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.read_body(10)

    async with served(gateway_with(work), server) as gateway:
        answer = await gateway.ask("POST", "/work")
    assert answer.status == 500


async def test_paths_name_models_with_slashes() -> None:
    seen: list[str | None] = []

    async def work(inbound: Inbound) -> None:
        seen.append(inbound.path_model)
        await inbound.exchange.start(204, [])
        await inbound.exchange.finish()

    client = gateway_with(work).app.test_client()
    for name in ("a", "a/b", "a:b"):
        assert (await client.post(f"/v1beta/models/{name}:generateContent")).status_code == 204
    for path in ("/v1beta/models/:generateContent", "/v1beta/models/a:countTokens", "/workshop"):
        assert (await client.post(path)).status_code == 404
    assert seen == ["a", "a/b", "a:b"]


async def test_root_paths_are_left_out() -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(204, [])
        await inbound.exchange.finish()

    client = gateway_with(work).app.test_client()
    assert (await client.post("/prefix/work", root_path="/prefix")).status_code == 204


async def test_what_the_server_cancels_stays_cancelled() -> None:
    started = asyncio.Event()

    async def work(inbound: Inbound) -> None:
        started.set()
        await asyncio.Event().wait()

    gateway = gateway_with(work)
    task = asyncio.get_running_loop().create_task(_post(gateway))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.status for record in gateway.books.records] == [499]
    assert gateway.books.open == 0


async def _post(gateway: Gateway) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        logging.getLogger(__name__).debug("%s", message)

    scope = {"type": "http", "method": "POST", "path": "/work", "query_string": b"", "headers": []}
    await gateway.app(scope, receive, send)  # type: ignore[arg-type] # the parts that the lane reads
