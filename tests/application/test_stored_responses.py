"""Whose account a call about a stored response goes to."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.response_store import StoredAnswer, StoredCall
from application.stored_responses import StoredResponses
from domain.errors import MalformedRequest, NotConfigured, UnknownModel, UnsupportedFeature
from domain.routing.fleet import Deployment, Fleet
from tests.strategies.fleets import deployment

_OPENAI = replace(deployment("gpt", ident="o1"), account="openai#1")
_OPENAI_TOO = replace(deployment("mini", ident="o2"), account="openai#1")
_AZURE = replace(deployment("team", ident="az", provider="azure"), account="azure#2")
_CLAUDE = replace(deployment("claude", ident="cl", provider="anthropic"), account="anthropic#3")
_UNREADY = replace(deployment("gpt", ident="un", unready="set OPENAI_API_KEY"), account="")


class _Answer:
    """An answer without a body."""

    status = 200
    headers: Mapping[str, str] = MappingProxyType({})

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        yield b"{}"

    async def aclose(self) -> None:
        return


@dataclass
class _Store:
    """Keeps what OpenAI's providers answered, and notes whom it is asked for."""

    asked: list[str] = field(default_factory=list)

    def keeps(self, deployment: Deployment) -> bool:
        return deployment.provider in ("openai", "azure")

    async def open(self, deployment: Deployment, call: StoredCall) -> StoredAnswer:
        self.asked.append(deployment.id)
        return _Answer()


async def _asked(*fleet: Deployment, method: str = "GET", suffix: str = "resp_1", group: str | None = None) -> str:
    store = _Store()
    await StoredResponses(Fleet.of(fleet), store).run(StoredCall(method=method, suffix=suffix, group=group))
    (asked,) = store.asked
    return asked


async def test_the_only_account_that_keeps_responses_is_asked() -> None:
    assert await _asked(_CLAUDE, _UNREADY, _OPENAI, _OPENAI_TOO) == "o1"


async def test_a_named_group_s_account_is_asked() -> None:
    assert await _asked(_OPENAI, _AZURE, group="team") == "az"
    assert await _asked(_OPENAI, _AZURE, group="gpt") == "o1"


async def test_several_accounts_need_a_name() -> None:
    with pytest.raises(MalformedRequest, match="x-feathergate-model") as refused:
        await _asked(_OPENAI, _AZURE)
    assert (refused.value.status, refused.value.param) == (400, "model")


async def test_a_group_of_several_accounts_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="'gpt' are spread over several"):
        await _asked(_OPENAI, replace(_AZURE, group="gpt"), group="gpt")


async def test_nobody_keeps_responses() -> None:
    for group in (None, "claude"):
        with pytest.raises(UnsupportedFeature, match="keeps responses"):
            await _asked(_CLAUDE, group=group)


async def test_a_name_that_means_nothing_is_told_as_ever() -> None:
    with pytest.raises(UnknownModel):
        await _asked(_OPENAI, group="nonsense")
    with pytest.raises(NotConfigured, match="set OPENAI_API_KEY"):
        await _asked(_UNREADY, group="gpt")


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", "resp_1"),
        ("DELETE", "resp_1"),
        ("GET", "resp_1/input_items"),
        ("POST", "resp-1/cancel"),
    ],
)
async def test_the_api_s_own_calls_are_forwarded(method: str, suffix: str) -> None:
    assert await _asked(_OPENAI, method=method, suffix=suffix) == "o1"


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("POST", "resp_1"),
        ("PUT", "resp_1"),
        ("DELETE", "resp_1/input_items"),
        ("GET", "resp_1/cancel"),
        ("GET", "resp_1/"),
        ("GET", "resp_1/input_items/x"),
        ("GET", "resp_1/other"),
        ("GET", ""),
        ("GET", "../files"),
        ("GET", "resp_1?x=1"),
        ("GET", "a" * 257),
    ],
)
async def test_nothing_else_is_reached(method: str, suffix: str) -> None:
    with pytest.raises(MalformedRequest):
        await _asked(_OPENAI, method=method, suffix=suffix)


@given(st.text(max_size=20))
def test_a_path_is_forwarded_only_where_every_character_is_harmless(suffix: str) -> None:
    harmless = bool(suffix) and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in suffix)
    try:
        asyncio.run(_asked(_OPENAI, suffix=suffix))
    except MalformedRequest:
        assert not harmless
    else:
        assert harmless or suffix.endswith("/input_items")
