"""What an answer in another dialect loses on its way to the client: named in head, log and counter."""

import logging
from collections.abc import AsyncGenerator

import pytest

from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.content import OpaquePart
from domain.chat.events import BlockKind
from domain.chat.loss import Loss
from domain.chat.response import Finish, FinishReason
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import Gateway, build_gateway

FOLDED = Loss("system_folded", "/messages/1")


async def loses(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """An answer with parts and an ending that chat completions have no word for."""
    call.lose(FOLDED)
    opaque = OpaquePart(family="anthropic", kind="server_tool_use", raw={})
    yield Piece(None, (ev.Started("a-1", "m"), ev.BlockStarted(0, BlockKind.OPAQUE), ev.OpaqueAdded(0, opaque)))
    yield Piece(None, (ev.BlockStopped(0), ev.BlockStarted(1, BlockKind.OPAQUE), ev.OpaqueAdded(1, opaque)))
    yield Piece(None, (ev.BlockStopped(1), ev.BlockStarted(2, BlockKind.TEXT), ev.TextDelta(2, "hi")))
    yield Piece(None, (ev.BlockStopped(2), ev.Finished(Finish(reason=FinishReason.PAUSE)), ev.Ended()))


async def passes_through(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """The same ending in the client's own dialect: its bytes say all."""
    finished = ev.Finished(Finish(reason=FinishReason.OTHER))
    yield Piece(b'{"id":"1","choices":[]}', (ev.ContentSeen(), finished, ev.Ended()))


@pytest.fixture
def lossy() -> Gateway:
    return build_gateway({"loses": loses, "passes-through": passes_through})


@pytest.mark.parametrize("stream", [False, True])
async def test_losses_in_an_answer_are_counted_and_logged_once(
    lossy: Gateway, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="adapters.http.answering")
    response = await lossy.app.test_client().post(CHAT, data=chat_body("loses", stream=stream))
    answer = await response.get_data(as_text=True)
    assert '"finish_reason":"stop"' in answer
    in_the_head = ["system_folded;/messages/1", "dropped_opaque_part;/choices/0/message"]
    if not stream:
        in_the_head.append("finish_reworded;/choices/0/finish_reason")
    assert response.headers.getlist("x-feathergate-warning") == in_the_head
    assert [record.losses for record in lossy.books.records] == [3]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "adapters.http.answering"]
    assert "dropped_opaque_part /choices/0/message, finish_reworded /choices/0/finish_reason" in line


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_passes_through_loses_nothing(lossy: Gateway, stream: bool) -> None:
    response = await lossy.app.test_client().post(CHAT, data=chat_body("passes-through", stream=stream))
    await response.get_data()
    assert response.headers.getlist("x-feathergate-warning") == []
    assert [record.losses for record in lossy.books.records] == [0]
