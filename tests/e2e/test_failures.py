"""What the official clients raise where vendors fail, before an answer and in the middle of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.canned.contents import BROKEN, REASONS, RETRY_AFTER_S
from tests.e2e.clients.asking import QUESTION, Told, Wish
from tests.e2e.clients.connected import CLIENTS, FASHIONS, Apis, connected
from tests.e2e.clients.gemini import errors as google
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway
from tests.e2e.heard import UPSTREAMS

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("asking", CLIENTS),
    pytest.mark.parametrize("fashion", FASHIONS),
]

OPENAI_RAISES: dict[int, tuple[type[Exception], int]] = {
    401: (openai.AuthenticationError, 401),
    404: (openai.NotFoundError, 404),
    429: (openai.RateLimitError, 429),
    500: (openai.InternalServerError, 500),
    529: (openai.InternalServerError, 503),
}
RAISES: dict[str, dict[int, tuple[type[Exception], int]]] = {
    "chat": OPENAI_RAISES,
    "responses": OPENAI_RAISES,
    "messages": {
        401: (anthropic.AuthenticationError, 401),
        404: (anthropic.NotFoundError, 404),
        429: (anthropic.RateLimitError, 429),
        500: (anthropic.InternalServerError, 500),
        529: (anthropic.OverloadedError, 529),
    },
    "gemini": {
        401: (google.ClientError, 401),
        404: (google.ClientError, 404),
        429: (google.ClientError, 429),
        500: (google.ServerError, 500),
        529: (google.ServerError, 503),
    },
}
"""What each client raises for a status of its vendor, and with which status; only Anthropic's knows of 529."""

IN_STREAM: dict[str, type[Exception]] = {
    "chat": openai.APIError,
    "responses": openai.APIError,
    "messages": anthropic.APIStatusError,
    "gemini": google.APIError,
}


async def ask(apis: dict[str, Apis], fashion: str, asking: str, model: str, **wished: bool) -> Told:
    client = apis[fashion].client(asking)
    return await client.ask(model, client.said(QUESTION), Wish(**wished))


def status_of(error: Any) -> int:
    return int(error.code if isinstance(error, google.APIError) else error.status_code)


@pytest.mark.parametrize("to", UPSTREAMS)
@pytest.mark.parametrize("failure", REASONS)
async def test_a_refusal_of_the_vendor(
    apis: dict[str, Apis], fashion: str, asking: str, to: str, failure: int
) -> None:
    """The same whether an answer or a stream was asked for."""
    stream = fashion == "async"
    raised, status = RAISES[asking][failure]
    with pytest.raises(raised, match=REASONS[failure]) as caught:
        await ask(apis, fashion, asking, UPSTREAMS[to].named(f"fails-{failure}"), stream=stream)
    error: Any = caught.value
    assert status_of(error) == status
    assert error.response.headers.get("retry-after") == (str(RETRY_AFTER_S) if failure == 429 else None)
    if failure == 429 and asking == "gemini":
        assert f"'retryDelay': '{RETRY_AFTER_S}s'" in str(error.details)


@pytest.mark.parametrize("to", UPSTREAMS)
@pytest.mark.parametrize("how", ["breaks", "cut"])
async def test_a_stream_that_breaks(apis: dict[str, Apis], fashion: str, asking: str, to: str, how: str) -> None:
    """It has begun well, so the failure is told in it, in the words of the client's dialect."""
    with pytest.raises(IN_STREAM[asking]) as caught:
        await ask(apis, fashion, asking, UPSTREAMS[to].named(how), stream=True)
    error: Any = caught.value
    assert not isinstance(error, openai.APIStatusError | openai.APIConnectionError)
    if isinstance(error, anthropic.APIStatusError):
        assert (error.status_code, error.type in ("api_error", "overloaded_error")) == (200, True)
    if how == "breaks":
        assert BROKEN in str(error)


@pytest.mark.parametrize("to", UPSTREAMS)
async def test_a_whole_answer_that_is_cut(apis: dict[str, Apis], fashion: str, asking: str, to: str) -> None:
    with pytest.raises(RAISES[asking][500][0]) as caught:
        await ask(apis, fashion, asking, UPSTREAMS[to].named("cut"))
    assert status_of(caught.value) in (502, 503, 529)


async def test_an_unknown_model(apis: dict[str, Apis], fashion: str, asking: str) -> None:
    raised, status = RAISES[asking][404]
    with pytest.raises(raised, match="gtp") as caught:
        await ask(apis, fashion, asking, "gtp")
    assert status_of(caught.value) == status


@asynccontextmanager
async def strangers(gateway: Gateway) -> AsyncIterator[dict[str, Apis]]:
    """Clients with a key that is not the gateway's."""
    async with connected(gateway.base, f"{MASTER_KEY}-not") as clients:
        yield clients


async def test_a_wrong_key(gateway: Gateway, fashion: str, asking: str) -> None:
    raised, status = RAISES[asking][401]
    async with strangers(gateway) as clients:
        with pytest.raises(raised) as caught:
            await ask(clients, fashion, asking, UPSTREAMS["chat"].model)
    assert status_of(caught.value) == status
    assert MASTER_KEY not in str(caught.value)
