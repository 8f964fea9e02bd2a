"""Bodies of megabytes, on both servers: they reach the upstream byte for byte, however they come."""

import asyncio
import base64
import gzip
import random
from itertools import pairwise

import pytest

from tests.http.both_servers import ANSWER, BODY, MODEL, SENT, Stage, chunked, head, request

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = base64.b64encode(random.Random(7).randbytes(3_000_000))
LONG = (
    b'{%b,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"%b"}},"\xc3\xa9"]}]}'
    % (
        MODEL,
        PICTURE,
    )
)
LONG_SENT = LONG.replace(MODEL, b'"model":"m"')


FRAMED = {
    "length": request(LONG),
    "chunks": head(b"transfer-encoding: chunked")
    + chunked(LONG[:70_000], LONG[70_000:2_000_000], LONG[2_000_000:]),
    "gzip": request(gzip.compress(LONG, 1), b"content-encoding: gzip"),
}


@pytest.mark.parametrize("framed", FRAMED)
async def test_a_long_body_arrives_and_so_does_what_follows(stage: Stage, framed: str) -> None:
    async with asyncio.timeout(30), await stage.connect() as client:
        for _ in range(2):
            await client.send(FRAMED[framed] + request(BODY))
            for _ in range(2):
                answer = await client.answer()
                assert (answer.status, answer.body) == (200, ANSWER)
        assert stage.bodies == [LONG_SENT, SENT] * 2


async def test_a_client_may_wait_to_be_asked_for_it(stage: Stage) -> None:
    raw = request(LONG, b"expect: 100-continue")
    async with asyncio.timeout(30), await stage.connect() as client:
        await client.send(raw.removesuffix(LONG))
        assert (await client.head()).status == 100
        await client.send(LONG)
        assert (await client.answer()).status == 200
        assert stage.bodies == [LONG_SENT]


async def test_it_may_come_in_any_pieces(stage: Stage) -> None:
    raw = request(LONG)
    places = [0, 50, 400, 70_000, 70_001, 1_000_000, len(raw) - 1, len(raw)]
    async with asyncio.timeout(30), await stage.connect() as client:
        for start, end in pairwise(places):
            await client.send(raw[start:end])
            await asyncio.sleep(0.005)
        assert (await client.answer()).status == 200
        assert stage.bodies == [LONG_SENT]


async def test_a_client_may_leave_in_the_middle(stage: Stage) -> None:
    async with asyncio.timeout(30):
        async with await stage.connect() as client:
            await client.send(request(LONG)[:2_000_000])
        async with await stage.connect() as client:
            await client.send(request(LONG))
            assert (await client.answer()).status == 200
    assert stage.bodies == [LONG_SENT]
