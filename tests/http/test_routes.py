"""Which path finds which route, and the model in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http import paths
from adapters.http.inbound import Inbound
from adapters.http.routes import Paths, Route, RouteTable


class Nobody:
    async def handle(self, inbound: Inbound) -> None:
        raise AssertionError("finding a route asks nobody")


def route(name: str) -> Route:
    return Route(name=name, dialect=OpenAIChat(), handler=Nobody())


ALL = {name: value for name, value in vars(paths).items() if isinstance(value, Paths)}
TABLE = RouteTable.of(*[(value, route(name)) for name, value in ALL.items()])


def found(path: str) -> tuple[str, str | None] | None:
    match = TABLE.find(path)
    return None if match is None else (match[0].name, match[1])


@pytest.mark.parametrize(
    ("path", "name", "model"),
    [
        ("/v1/chat/completions", "CHAT_COMPLETIONS", None),
        ("/chat/completions", "CHAT_COMPLETIONS", None),
        ("/openai/deployments/a/b/chat/completions", "CHAT_COMPLETIONS", "a/b"),
        ("/engines/a/chat/completions", "CHAT_COMPLETIONS", "a"),
        ("/v1/completions", "COMPLETIONS", None),
        ("/completions", "COMPLETIONS", None),
        ("/engines/a/b/completions", "COMPLETIONS", "a/b"),
        ("/openai/deployments/a/completions", "COMPLETIONS", "a"),
        ("/v1/embeddings", "EMBEDDINGS", None),
        ("/embeddings", "EMBEDDINGS", None),
        ("/engines/a/embeddings", "EMBEDDINGS", "a"),
        ("/openai/deployments/a/embeddings", "EMBEDDINGS", "a"),
        ("/v1/responses", "RESPONSES", None),
        ("/responses", "RESPONSES", None),
        ("/openai/v1/responses", "RESPONSES", None),
        ("/v1/messages", "MESSAGES", None),
        ("/anthropic/v1/messages", "MESSAGES", None),
        ("/v1/messages/count_tokens", "COUNT_TOKENS", None),
        ("/anthropic/v1/messages/count_tokens", "COUNT_TOKENS", None),
        ("/v1beta/models/a:generateContent", "GENERATE_CONTENT", "a"),
        ("/v1/models/a/b:generateContent", "GENERATE_CONTENT", "a/b"),
        ("/v1alpha/models/a:b:streamGenerateContent", "STREAM_GENERATE_CONTENT", "a:b"),
        ("/models/a:countTokens", "COUNT_CONTENT_TOKENS", "a"),
        ("/v1/responses/input_tokens", "INPUT_TOKENS", None),
        ("/responses/input_tokens", "INPUT_TOKENS", None),
        ("/v1beta/models/a:generateContent:countTokens", "COUNT_CONTENT_TOKENS", "a:generateContent"),
    ],
)
def test_every_path_of_the_vendors_clients_finds_its_route(path: str, name: str, model: str | None) -> None:
    assert found(path) == (name, model)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1/models",
        "/v1/models/a",
        "/v1/models/a:b",
        "/v1beta/models/:generateContent",
        "/v1beta/models/a:generateContent/",
        "/v1beta/models/a:GenerateContent",
        "/v2/models/a:generateContent",
        "/openai/deployments//chat/completions",
        "/v1/responses/resp_1",
        "/v1/messages/batches",
        "/V1/messages",
    ],
)
def test_other_paths_find_none(path: str) -> None:
    assert found(path) is None


@given(st.text(min_size=1))
def test_any_name_may_stand_in_a_path(model: str) -> None:
    assert found(f"/v1beta/models/{model}:streamGenerateContent") == ("STREAM_GENERATE_CONTENT", model)
    assert found(f"/openai/deployments/{model}/embeddings") == ("EMBEDDINGS", model)


def test_two_routes_cannot_have_the_same_path() -> None:
    for shared in (Paths(exact=("/a",)), Paths(around_model=(("/a/", "/b"),))):
        with pytest.raises(ValueError, match="two routes claim /a"):
            RouteTable.of((shared, route("one")), (shared, route("two")))
