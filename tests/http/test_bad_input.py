"""Whatever comes in, the answer is a 4xx in OpenAI's shape and nothing goes upstream."""

import asyncio
import gzip
import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.access import AccessPolicy
from domain.secret import Secret
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import MAX_BODY_BYTES, Gateway, build_gateway, served
from tests.http.http_client import request_bytes
from tests.http.scripts import RAW_ANSWER, everything
from tests.http.test_leaving_clients import until

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
wrong_documents = st.one_of(
    json_values,
    st.fixed_dictionaries(
        {},
        optional={
            "model": json_values,
            "messages": json_values,
            "stream": json_values,
            "timeout": json_values,
            "mock_response": json_values,
            "metadata": json_values,
            "stream_options": json_values,
        },
    ),
)
garbage = st.binary(max_size=60) | wrong_documents.map(lambda value: json.dumps(value).encode())


def assert_refused(status: int, body: bytes) -> None:
    assert 400 <= status < 500
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)


@given(garbage)
async def test_garbage_is_refused(body: bytes) -> None:
    gateway = build_gateway(everything())
    response = await gateway.app.test_client().post(CHAT, data=body)
    assert_refused(response.status_code, await response.get_data(as_text=False))
    assert gateway.provider.calls == []
    assert gateway.books.open == 0


@given(
    st.binary(min_size=1, max_size=60), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, gzip", "\xe9"])
)
async def test_garbage_that_claims_to_be_compressed(body: bytes, coding: str) -> None:
    gateway = build_gateway({})
    response = await gateway.app.test_client().post(CHAT, data=body, headers={"content-encoding": coding})
    assert_refused(response.status_code, await response.get_data(as_text=False))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"messages":[{"role":"user","content":"x"}]}', "model"),
        (b'{"model":"","messages":[{}]}', "model"),
        (b'{"model":7,"messages":[{}]}', "model"),
        (b'{"model":"passed-through"}', "messages"),
        (b'{"model":"passed-through","messages":[]}', "messages"),
        (b'{"model":"passed-through","messages":"x"}', "messages"),
        (b'{"model":"passed-through","messages":[{}],"stream":"yes"}', "stream"),
        (b'{"model":"passed-through","messages":[{}],"timeout":-1}', "timeout"),
        (b'{"model":"passed-through","messages":[{}],"timeout":true}', "timeout"),
        (b'{"model":"passed-through","messages":[{}],"mock_response":1}', "mock_response"),
        (b'{"model":"passed-through","messages":[{}],"drop_params":1}', "drop_params"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(local: Gateway, body: bytes, param: str) -> None:
    response = await local.app.test_client().post(CHAT, data=body)
    answer = await response.get_json()
    assert (response.status_code, answer["error"]["param"]) == (400, param)
    assert answer["error"]["type"] == "invalid_request_error"


async def test_a_declared_size_beyond_the_limit_is_refused_unread(gateway: Gateway) -> None:
    headers = {"content-length": str(MAX_BODY_BYTES + 1)}
    answer = await gateway.ask("POST", CHAT, headers=headers)
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")


async def test_chunks_beyond_the_limit_are_refused(gateway: Gateway) -> None:
    async with await gateway.connect() as client:
        await client.request("POST", CHAT, headers={"transfer-encoding": "chunked"})
        await client.send(b"%x\r\n%s\r\n" % (MAX_BODY_BYTES + 1, b" " * (MAX_BODY_BYTES + 1)))
        assert (await client.answer()).status == 413


@pytest.mark.parametrize("lines", [{"authorization": "Bearer no"}, {"content-length": "5"}, {}])
async def test_a_body_that_nobody_reads_holds_nothing(server: str, lines: dict[str, str]) -> None:
    """In chunks so small that no server's queue has room for them."""
    locked = build_gateway(everything(), access=AccessPolicy(master_key=Secret("sk")))
    async with served(locked, server) as gateway, asyncio.timeout(5):
        await gateway.ask("GET", "/health", headers={"connection": "close"})
        before = len(asyncio.all_tasks())
        for _ in range(3):
            async with await gateway.connect() as client:
                headers = {"authorization": "Bearer sk", "transfer-encoding": "chunked", **lines}
                chunk = b"32\r\n" + b"z" * 50 + b"\r\n"
                client.writer.write(request_bytes("POST", CHAT, headers=headers) + chunk * (MAX_BODY_BYTES // 40))
                with suppress(ConnectionResetError):  # which Hypercorn's refusals bring to those who still send
                    assert 400 <= (await client.head()).status < 500
        await until(lambda: len(asyncio.all_tasks()) <= before and not len(gateway.drain))


async def test_a_body_of_the_limit_itself_is_taken(local: Gateway) -> None:
    body = chat_body("passed-through").ljust(MAX_BODY_BYTES)
    assert (await local.app.test_client().post(CHAT, data=body)).status_code == 200
    assert (await local.app.test_client().post(CHAT, data=body + b" ")).status_code == 413


RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(chat_body("passed-through"), mtime=0)),
        ("X-GZIP", gzip.compress(chat_body("passed-through"), mtime=0)),
        ("deflate", zlib.compress(chat_body("passed-through"))),
        ("deflate", RAW_DEFLATE.compress(chat_body("passed-through")) + RAW_DEFLATE.flush()),
        ("identity", chat_body("passed-through")),
    ],
)
async def test_compressed_bodies_are_inflated(local: Gateway, coding: str, body: bytes) -> None:
    response = await local.app.test_client().post(CHAT, data=body, headers={"content-encoding": coding})
    assert await response.get_data(as_text=False) == RAW_ANSWER


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(b" " * 50_000_000, 1, mtime=0), 413),
        ("deflate", zlib.compress(b" " * (MAX_BODY_BYTES + 1)), 413),
        ("gzip", gzip.compress(chat_body("passed-through"), mtime=0)[:-9], 400),
        ("gzip", gzip.compress(chat_body("passed-through"), mtime=0) * 2, 400),
        ("gzip", b"", 400),
        ("br", b"x", 415),
    ],
)
async def test_bombs_and_broken_streams_are_refused(local: Gateway, coding: str, body: bytes, status: int) -> None:
    gateway = local
    if len(body) > MAX_BODY_BYTES:
        body = body[: MAX_BODY_BYTES - 1]
    response = await gateway.app.test_client().post(CHAT, data=body, headers={"content-encoding": coding})
    assert response.status_code == status
    assert gateway.provider.calls == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ("application/json; charset=latin-1", 400),
        ("text/plain", 200),
        ("", 200),
    ],
)
async def test_bodies_are_utf_8(local: Gateway, content_type: str, status: int) -> None:
    body, headers = chat_body("passed-through"), {"content-type": content_type}
    assert (await local.app.test_client().post(CHAT, data=body, headers=headers)).status_code == status
