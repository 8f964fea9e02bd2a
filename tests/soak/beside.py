"""Requests beside chat, and clients without manners: they leave, send garbage, show wrong keys."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from tests.e2e.canned.contents import PROMPT_TOKENS, VECTORS
from tests.e2e.four_dialects import MASTER_KEY
from tests.http.http_client import Answer, request_bytes
from tests.soak import fleet
from tests.soak.caller import Caller, Question, Unexpected, credentials
from tests.soak.chats import CLIENTS, UPSTREAMS

_PATH = "/v1/chat/completions"
_LEAVES_WITHIN_S = 0.3
_KEY = f"authorization: Bearer {MASTER_KEY}".encode()
_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n" + _KEY + b"\r\n"
_GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 99 + b"\r\n\r\n",
    b"no request at all\r\n\r\n",
    _HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n{}",
    _HEAD + b"content-length: -1\r\n\r\n",
    _HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    _HEAD + b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}",
)
_BAD_BODIES = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"model": 7}', b'{"messages": []}', b"[" * 9_000)


async def embeddings(caller: Caller, dice: Random, number: int) -> None:
    model = fleet.group(fleet.EMBEDDING, dice.choice(("chat", "gemini")))
    told = await _told(caller, "/v1/embeddings", {"model": model, "input": ["one", "two"], "user": f"u{number}"})
    if [tuple(one["embedding"]) for one in told["data"]] != list(VECTORS):
        raise Unexpected(f"other vectors: {told}")


async def counts(caller: Caller, dice: Random, _: int) -> None:
    """By the vendor, or by an estimate."""
    model, said = fleet.group(fleet.GOOD, dice.choice(UPSTREAMS)), [{"role": "user", "content": "Count."}]
    path, body, member, own = dice.choice(
        (
            ("/v1/messages/count_tokens", {"model": model, "messages": said}, "input_tokens", "messages"),
            ("/v1/responses/input_tokens", {"model": model, "input": said}, "input_tokens", "responses"),
            (
                f"/v1beta/models/{model}:countTokens",
                {"contents": [{"role": "user", "parts": [{"text": "Count."}]}]},
                "totalTokens",
                "gemini",
            ),
        )
    )
    count = (await _told(caller, path, body, own))[member]
    if not 0 < count <= PROMPT_TOKENS:
        raise Unexpected(f"{path} of {model} counts {count}")


async def completions(caller: Caller, dice: Random, _: int) -> None:
    model = fleet.group(fleet.GOOD, dice.choice(("responses", "messages", "gemini")))
    told = await _told(caller, "/v1/completions", {"model": model, "prompt": "Count."})
    if told["choices"][0]["finish_reason"] != "stop":
        raise Unexpected(f"not finished: {told}")


async def models(caller: Caller, dice: Random, _: int) -> None:
    client, path = dice.choice((("chat", "/v1/models"), ("messages", "/v1/models"), ("gemini", "/v1beta/models")))
    _expect(await _get(caller, path, client), 200, fleet.group(fleet.GOOD, "chat").encode())


async def metrics(caller: Caller, _: Random, __: int) -> None:
    _expect(await _get(caller, "/metrics", "chat"), 200, b"feathergate_requests_in_flight")


async def router(caller: Caller, dice: Random, _: int) -> None:
    if dice.random() < 0.5:
        _expect(await _get(caller, "/router/state", "chat"), 200, b"in_flight")
    else:
        body = {"model": fleet.group(fleet.GOOD, dice.choice(UPSTREAMS))}
        await _told(caller, "/router/explain", body)


async def leaving_early(caller: Caller, dice: Random, number: int) -> None:
    """Gone before the first byte of an answer that would never come."""
    question = _question(dice, fleet.SILENT)
    async with caller.fresh() as connection:
        await connection.send(question.encoded(number))
        await asyncio.sleep(dice.random() * _LEAVES_WITHIN_S)
        if connection.reader.at_eof():
            raise Unexpected("the gateway left first")


async def leaving_midway(caller: Caller, dice: Random, number: int) -> None:
    """Gone after the first words, of a stream that goes on or of one that stalls."""
    question = _question(dice, dice.choice((fleet.STALLING, fleet.LONG)), stream=True)
    async with caller.fresh() as connection:
        await connection.send(question.encoded(number))
        answer = await connection.head()
        chunk = await connection.chunk()
        await asyncio.sleep(dice.random() * _LEAVES_WITHIN_S)
    if answer.status != 200 or b"data: " not in chunk:
        raise Unexpected(f"{question}: status {answer.status}, {chunk[:300]!r}")


async def leaving_at_once(caller: Caller, dice: Random, number: int) -> None:
    """Gone in the middle of its own request, or right behind it."""
    encoded = _question(dice, fleet.GOOD).encoded(number)
    async with caller.fresh() as connection:
        await connection.send(encoded[: dice.randrange(1, len(encoded) + 1)])


async def wrong_key(caller: Caller, dice: Random, number: int) -> None:
    question = _question(dice, fleet.GOOD)
    (name,) = credentials(question.client)
    (answer,) = await caller.ask(question.encoded(number, **{name: f"sk-wrong-{number}"}))
    _expect(answer, 401, b"error")


async def unknown(caller: Caller, dice: Random, number: int) -> None:
    """A model or a path that nobody knows, each time another one; a method that the path does not take."""
    body = json.dumps({"model": f"unknown-{number}", "messages": [{"role": "user", "content": "hi"}]}).encode()
    method, path, statuses = dice.choice(
        (("POST", _PATH, (400, 404)), ("GET", f"/unknown/{number}", (404,)), ("PUT", _PATH, (405,)))
    )
    sent = request_bytes(method, path, body=body if method == "POST" else b"", headers=credentials("chat"))
    (answer,) = await caller.ask(sent)
    _expect(answer, statuses, b"error")


async def malformed(caller: Caller, dice: Random, _: int) -> None:
    """HTTP as it should be, around a body that is not."""
    sent = request_bytes("POST", _PATH, body=dice.choice(_BAD_BODIES), headers=credentials("chat"))
    (answer,) = await caller.ask(sent)
    _expect(answer, 400, b"error")


async def garbage(caller: Caller, dice: Random, _: int) -> None:
    """What is not HTTP is refused, and the connection closed. Hypercorn may reset it with bytes unread."""
    async with caller.fresh() as connection:
        await connection.send(dice.choice(_GARBAGE))
        status = await connection.refusal(may_reset=True)
    if status not in (400, None):
        raise Unexpected(f"status {status}")


async def oversize(caller: Caller, dice: Random, _: int) -> None:
    """More than the gateway takes: announced, or sent in chunks."""
    size = (fleet.MAX_BODY_MB + 1) << 20
    async with caller.fresh() as connection:
        if dice.random() < 0.7:
            await connection.send(_HEAD + b"content-length: %d\r\n\r\n{" % size)
        else:
            chunk = b"10000\r\n%b\r\n" % (b" " * 65_536)
            connection.writer.write(
                _HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk * (size >> 16) + b"0\r\n\r\n"
            )
        with suppress(ConnectionResetError):  # the gateway need not read what it does not take
            _expect(await connection.answer(), 413, b"error")


def _question(dice: Random, behaviour: str, stream: bool | None = None) -> Question:
    model = fleet.group(behaviour, dice.choice(UPSTREAMS))
    return Question(
        client=dice.choice(CLIENTS), model=model, stream=dice.random() < 0.5 if stream is None else stream
    )


async def _get(caller: Caller, path: str, client: str) -> Answer:
    version = {"anthropic-version": "2023-06-01"} if client == "messages" else {}
    (answer,) = await caller.ask(request_bytes("GET", path, headers={**credentials(client), **version}))
    return answer


async def _told(caller: Caller, path: str, body: object, client: str = "chat") -> dict[str, Any]:
    sent = request_bytes("POST", path, body=json.dumps(body).encode(), headers=credentials(client))
    (answer,) = await caller.ask(sent)
    _expect(answer, 200)
    told: dict[str, Any] = answer.json
    return told


def _expect(answer: Answer, statuses: int | Sequence[int], within: bytes = b"") -> None:
    expected = (statuses,) if isinstance(statuses, int) else statuses
    if answer.status not in expected or within not in answer.body:
        raise Unexpected(
            f"status {answer.status}, expected {expected} with {within!r}; body {answer.body[:300]!r}"
        )
