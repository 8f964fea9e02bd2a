"""The door of this process over a scripted provider: what becomes of lines that are cancelled, cut off or broken."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http.access import AccessPolicy
from adapters.http.in_process import InProcessDoor
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.estimate_call import EstimateCall
from application.ports.chat_provider import Piece
from domain.batch.line import BatchLine, LineShape
from domain.chat import events as ev
from domain.errors import ErrorKind, FeatherGateError, InternalFault, ShuttingDown
from domain.models.profile import ModelProfile
from domain.secret import Secret
from tests.application.routed import BILLING, attempts_over
from tests.http import scripts
from tests.http.gateway_under_test import MAX_BODY_BYTES, Gateway, LoopClock, build_gateway
from tests.http.test_data_plane import gateway_with


def door_to(gateway: Gateway, key: Secret | None = None) -> InProcessDoor:
    roster = attempts_over([], LoopClock()).roster
    estimates = EstimateCall(
        roster, family_of=lambda _: "", profile_of=lambda _: ModelProfile(), price_of=BILLING.price_of
    )
    return InProcessDoor(gateway.plane, estimates, clock=LoopClock(), dialect=OpenAIChat(), key=key)


def line(model: str, *, path: str = "/v1/chat/completions", **members: object) -> BatchLine:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **members}
    written = json.dumps(body).encode()
    return BatchLine(number=1, custom_id="one", shape=LineShape.OPENAI, path=path, model=model, body=written)


async def waits(call: ChatCall) -> AsyncGenerator[Piece, None]:
    """Begins, and never says more."""
    yield Piece(None, (ev.Started("id", call.model),))
    await asyncio.Event().wait()


async def test_a_cancelled_line_closes_its_upstream_and_is_booked_once() -> None:
    gateway = build_gateway({"slow": waits})
    asking = asyncio.get_running_loop().create_task(door_to(gateway).ask(line("slow")))
    await gateway.provider.opened.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert gateway.provider.closed.is_set()
    assert [record.status for record in gateway.books.records] == [499]
    assert (gateway.books.open, len(gateway.drain)) == (0, 0)


async def told_to_end(gateway: Gateway) -> None:
    """Come to the end of a drain without patience."""
    gateway.drain.begin(0)
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(0, over.set)
    await over.wait()


@pytest.mark.parametrize("before", [True, False])
async def test_a_gateway_that_shuts_down_is_an_error_like_any_other(before: bool) -> None:
    gateway = build_gateway({"slow": waits})
    if before:
        await told_to_end(gateway)
    asking = asyncio.get_running_loop().create_task(door_to(gateway).ask(line("slow")))
    if not before:
        await gateway.provider.opened.wait()
        await told_to_end(gateway)
    outcome = await asking
    assert isinstance(outcome.error, ShuttingDown)
    assert (outcome.status, outcome.error.retryable) == (503, True)
    assert "shutting down" in json.loads(outcome.body)["error"]["message"]


async def test_an_answer_of_several_writes_is_one_body() -> None:
    gateway = build_gateway({"m": scripts.passed_through})
    outcome = await door_to(gateway).ask(line("m", stream=True))
    assert (outcome.status, outcome.error) == (200, None)
    assert outcome.body == scripts.RAW_FRAME * 2 + scripts.DONE


async def test_an_upstreams_refusal_keeps_what_it_said_about_waiting() -> None:
    gateway = build_gateway({"m": scripts.refused})
    outcome = await door_to(gateway).ask(line("m"))
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.retry_after_s, outcome.error.retryable) == (
        ErrorKind.OVERLOADED,
        1.2,
        True,
    )
    assert (outcome.attempts, outcome.request_id) == (1, gateway.books.records[0].request_id)
    assert json.loads(outcome.body)["error"]["message"] == "too much to do"


async def test_an_answer_that_broke_is_never_a_success() -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(200, [])
        await inbound.exchange.write(b'{"half": ')
        raise ZeroDivisionError

    outcome = await door_to(gateway_with(work)).ask(line("m", path="/work"))
    assert isinstance(outcome.error, InternalFault)
    assert outcome.status == 500
    assert json.loads(outcome.body)["error"]["code"] == outcome.error.code


async def test_who_is_cut_off_amid_its_farewell_is_told_to_ask_again() -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(200, [])
        inbound.exchange.abort()

    outcome = await door_to(gateway_with(work)).ask(line("m", path="/work"))
    assert isinstance(outcome.error, ShuttingDown)
    assert outcome.status == 503


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1beta/models/m:generateContent"])
async def test_lines_bear_the_gateways_own_key_on_every_route(path: str) -> None:
    gateway = build_gateway({"m": scripts.refused}, access=AccessPolicy(master_key=Secret("sk-own")))
    asked = line("m", path=path, contents=[{"parts": [{"text": "hi"}]}])
    admitted = await door_to(gateway, Secret("sk-own")).ask(asked)
    refused = await door_to(gateway, None).ask(asked)
    assert json.loads(admitted.body)["error"]["message"] == "too much to do"
    assert refused.status == 401


async def test_a_body_beyond_the_limit_is_refused_as_a_clients_would_be() -> None:
    gateway = build_gateway({"m": scripts.passed_through})
    outcome = await door_to(gateway).ask(line("m", user="x" * MAX_BODY_BYTES))
    assert (outcome.status, outcome.attempts) == (413, 0)
    assert isinstance(outcome.error, FeatherGateError)
    assert not outcome.error.retryable
