"""The chat route on both servers, over real sockets: what a client sees of good and of bad answers."""

import asyncio
import json
import logging

import pytest

from domain.routing.policy import RoutingPolicy
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.http_client import request_bytes
from tests.http.scripts import DONE, RAW_ANSWER, RAW_FRAME, Gated


async def test_a_passed_through_answer_keeps_its_bytes(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("passed-through"))
    assert (answer.status, answer.body) == (200, RAW_ANSWER)
    assert answer.header("content-type") == "application/json"
    assert answer.header("x-litellm-model-id") == "id-passed-through"
    assert answer.header("x-litellm-model-group") == "passed-through"
    assert answer.header("x-litellm-model-name") == "scripted/passed-through"
    assert answer.header("x-feathergate-model") == "passed-through"
    assert answer.header("x-feathergate-upstream-id") == "up-1"
    assert answer.header("x-ratelimit-remaining-requests") == "9"
    assert float(answer.header("x-litellm-response-duration-ms") or "nan") >= 0
    assert float(answer.header("x-litellm-overhead-duration-ms") or "nan") >= 0


async def test_a_whole_answer_tells_what_it_cost(gateway: Gateway) -> None:
    for model in ("passed-through", "vendor/translated"):
        answer = await gateway.ask("POST", CHAT, body=chat_body(model))
        cost_usd = gateway.books.records[-1].cost_usd
        assert cost_usd is not None
        assert answer.header("x-litellm-response-cost") == f"{cost_usd:.12f}"
    streamed = await gateway.ask("POST", CHAT, body=chat_body("passed-through", stream=True))
    assert streamed.header("x-litellm-response-cost") is None


async def test_a_passed_through_stream_keeps_its_bytes(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("passed-through", stream=True))
    assert answer.body == RAW_FRAME + RAW_FRAME + DONE
    assert answer.complete
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("x-accel-buffering") == "no"
    assert answer.header("content-length") is None


async def test_a_translated_answer_is_folded(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("vendor/translated"))
    assert answer.status == 200
    assert answer.json["model"] == "vendor/translated"
    assert answer.json["choices"][0]["message"]["content"] == "Grüß Gott"
    assert answer.json["usage"]["prompt_tokens"] == 3


async def test_a_translated_stream_says_the_same(gateway: Gateway) -> None:
    body = chat_body("vendor/translated", stream=True, stream_options={"include_usage": True})
    answer = await gateway.ask("POST", CHAT, body=body)
    frames = answer.body.decode().removesuffix("\n\n").split("\n\n")
    assert frames.pop() == "data: [DONE]"
    documents = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    text = "".join(
        choice["delta"].get("content") or "" for document in documents for choice in document["choices"]
    )
    assert text == "Grüß Gott"
    assert documents[-1]["usage"]["completion_tokens"] == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_losses_are_named_in_the_head(gateway: Gateway, stream: bool) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("vendor/translated", stream=stream))
    assert answer.every("x-feathergate-warning") == ["dropped_param;/seed", "folded;/messages/0/n%C3%A4me%20x"]
    assert gateway.books.records[0].losses == 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["refused", "fails-at-once"])
async def test_a_failure_before_content_has_its_status(gateway: Gateway, model: str, stream: bool) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body(model, stream=stream))
    assert answer.status == 503
    assert answer.error["code"] == "overloaded"
    assert answer.header("retry-after") == "2"
    assert answer.header("x-should-retry") is None
    assert answer.header("x-feathergate-upstream-id") == "up-7"
    assert gateway.books.records[0].status == 503


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("breaks-raw", "overloaded"),
        ("breaks-translated", "rate_limit_exceeded"),
        ("stops-short", "upstream_truncated"),
        ("crashes-later", None),
    ],
)
async def test_a_failure_after_content_is_the_last_frame(gateway: Gateway, model: str, code: str | None) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body(model, stream=True))
    assert answer.status == 200
    assert answer.complete
    last = answer.body.decode().removesuffix("\n\n").split("\n\n")[-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == code
    assert b"[DONE]" not in answer.body
    assert b'"finish_reason":"stop"' not in answer.body
    record = gateway.books.records[0]
    assert record.status == 200
    assert record.error is not None


@pytest.mark.parametrize("model", ["breaks-raw", "breaks-translated", "stops-short"])
async def test_a_broken_answer_is_no_good_one_when_buffered(gateway: Gateway, model: str) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body(model))
    assert answer.status >= 400
    assert "error" in answer.json


async def test_a_defect_is_answered_and_its_trace_logged_once(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("crashes"), headers={"x-request-id": "it-was-me"})
    assert answer.status == 500
    assert "it-was-me" in answer.error["message"]
    assert "defect" not in answer.error["message"].split("gateway")[0]
    assert [bool(entry.exc_info) for entry in caplog.records if "it-was-me" in entry.getMessage()] == [True]
    assert len([entry for entry in caplog.records if entry.levelno >= logging.ERROR]) == 1


async def test_unknown_models_are_404_with_near_names(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("pased-through"))
    assert (answer.status, answer.error["code"]) == (404, "model_not_found")
    assert "passed-through" in answer.error["message"]
    assert answer.header("x-should-retry") == "false"


async def test_models_without_key_say_what_to_set(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", CHAT, body=chat_body("off"))
    assert (answer.status, answer.error["code"]) == (503, "model_not_configured")
    assert "OFF_API_KEY" in answer.error["message"]
    assert answer.header("x-should-retry") == "false"


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/openai/deployments/passed-through/chat/completions?api-version=2026-01-01",
        "/engines/passed-through/chat/completions",
    ],
)
async def test_other_paths_of_the_route(gateway: Gateway, path: str) -> None:
    answer = await gateway.ask("POST", path, body=chat_body("passed-through"))
    assert answer.body == RAW_ANSWER


@pytest.mark.parametrize("written", ["vendor/translated", "vendor%2Ftranslated", "vendor%2ftranslated"])
async def test_the_path_names_the_model(gateway: Gateway, written: str) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode()
    answer = await gateway.ask("POST", f"/openai/deployments/{written}/chat/completions", body=body)
    assert answer.json["model"] == "vendor/translated"
    assert gateway.provider.calls[0].document.canonical().model == "vendor/translated"


async def test_paths_are_decoded_once(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", "/engines/a%252Fb/chat/completions", body=chat_body("x"))
    assert "'a%2Fb'" in answer.error["message"]


async def test_pipelined_requests_are_answered_in_order(gateway: Gateway) -> None:
    asked = ["passed-through", "nobody", "passed-through"]
    async with asyncio.timeout(5), await gateway.connect() as connection:
        await connection.send(b"".join(request_bytes("POST", CHAT, body=chat_body(model)) for model in asked))
        assert [(await connection.answer()).status for _ in asked] == [200, 404, 200]


async def test_connections_are_kept_after_errors(gateway: Gateway) -> None:
    async with asyncio.timeout(5), await gateway.connect() as connection:
        for body, status in ((b"{", 400), (chat_body("refused"), 503), (chat_body("passed-through"), 200)):
            await connection.request("POST", CHAT, body=body)
            assert (await connection.answer()).status == status


async def test_a_body_in_chunks_is_put_together(gateway: Gateway) -> None:
    body = chat_body("passed-through")
    async with asyncio.timeout(5), await gateway.connect() as connection:
        await connection.request("POST", CHAT, headers={"transfer-encoding": "chunked"})
        for start in range(0, len(body), 20):
            part = body[start : start + 20]
            await connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        await connection.send(b"0\r\n\r\n")
        assert (await connection.answer()).body == RAW_ANSWER


async def test_a_body_that_does_not_arrive_is_408(server: str) -> None:
    async with (
        served(build_gateway({}, body_idle_s=0.02), server) as gateway,
        await gateway.connect() as connection,
    ):
        async with asyncio.timeout(5):
            await connection.request("POST", CHAT, headers={"content-length": "10"})
            await connection.send(b"{")
            answer = await connection.answer()
    assert (answer.status, answer.error["code"]) == (408, "request_timeout")


async def test_pieces_arrive_as_they_are_said(server: str) -> None:
    gates = asyncio.Event(), asyncio.Event()
    async with (
        served(build_gateway({"gated": Gated(*gates)}), server) as gateway,
        await gateway.connect() as client,
    ):
        async with asyncio.timeout(5):
            await client.request("POST", CHAT, body=chat_body("gated", stream=True))
            gates[0].set()
            assert (await client.head()).status == 200
            assert await client.chunk() == RAW_FRAME
            gates[1].set()
            assert await client.chunk() == RAW_FRAME


async def test_keep_alives_fill_the_silence_also_before_the_answer(server: str) -> None:
    gate = asyncio.Event()
    built = build_gateway({"gated": Gated(gate)}, keep_alive_s=0.01)
    async with served(built, server) as gateway, await gateway.connect() as client, asyncio.timeout(5):
        await client.request("POST", CHAT, body=chat_body("gated", stream=True))
        head = await client.head()
        assert (head.status, head.header("x-litellm-model-id")) == (200, None)
        assert [await client.chunk() for _ in range(3)] == [b": ping\n\n"] * 3
        gate.set()
        rest = b""
        while chunk := await client.chunk():
            rest += chunk
        assert rest.replace(b": ping\n\n", b"") == RAW_FRAME + DONE


async def test_a_guarded_stream_is_held_back_until_its_end_with_keep_alives_meanwhile(server: str) -> None:
    gates = asyncio.Event(), asyncio.Event()
    policy = RoutingPolicy(guards_whole_streams=True)
    built = build_gateway({"gated": Gated(*gates)}, keep_alive_s=0.01, policy=policy)
    async with served(built, server) as gateway, await gateway.connect() as client, asyncio.timeout(5):
        await client.request("POST", CHAT, body=chat_body("gated", stream=True))
        gates[0].set()
        assert (await client.head()).status == 200
        assert [await client.chunk() for _ in range(3)] == [b": ping\n\n"] * 3
        gates[1].set()
        rest = b""
        while chunk := await client.chunk():
            rest += chunk
        assert rest.replace(b": ping\n\n", b"") == RAW_FRAME + RAW_FRAME + DONE


async def test_a_failure_after_keep_alives_is_in_the_stream(server: str) -> None:
    built = build_gateway({"gone": Gated(asyncio.Event())}, keep_alive_s=0.01)
    async with served(built, server) as gateway, await gateway.connect() as client, asyncio.timeout(5):
        await client.request("POST", CHAT, body=chat_body("gone", stream=True))
        assert (await client.head()).status == 200
        await client.chunk()
        gateway.drain.begin(0)
        rest = b""
        while chunk := await client.chunk():
            rest += chunk
    assert json.loads(rest.split(b"data: ")[1])["error"]["code"] == "service_unavailable"
    assert gateway.books.records[0].status == 200


async def test_repeated_headers_are_joined_and_values_bare(gateway: Gateway) -> None:
    async with asyncio.timeout(5), await gateway.connect() as connection:
        request = request_bytes("POST", CHAT, body=chat_body("passed-through"))
        await connection.send(request.replace(b"host:", b"x-request-id: a\r\nX-Request-Id: b\r\nhost:", 1))
        assert (await connection.answer()).header("x-request-id") not in {"a", "b", "a, b"}
        await connection.send(request.replace(b"host:", b"x-request-id:  a \t\r\nhost:", 1))
        assert (await connection.answer()).header("x-request-id") == "a"
