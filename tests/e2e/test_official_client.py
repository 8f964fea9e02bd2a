"""The official OpenAI client against the running gateway: three vendors, streamed and buffered, both servers."""

import json
from typing import Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion

from tests.e2e.canned.contents import CACHED_TOKENS, CALLS, COMPLETION_TOKENS, PROMPT_TOKENS, TEXT
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway
from tests.e2e.vendors import Vendors

VENDOR_MODELS = ("gpt", "claude", "gemini")
MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How is Paris?"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def ask(client: openai.OpenAI, model: str, *, tools: bool = False, stream: bool = False) -> ChatCompletion:
    more: Any = {"tools": TOOLS} if tools else {}
    if not stream:
        whole: ChatCompletion = client.chat.completions.create(model=model, messages=MESSAGES, **more)
        return whole
    state: Any = ChatCompletionStreamState()
    chunks = client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **more
    )
    for chunk in chunks:
        state.handle_chunk(chunk)
    final: ChatCompletion = state.get_final_completion()
    return final


def gist(answer: ChatCompletion) -> dict[str, Any]:
    choice = answer.choices[0]
    usage = answer.usage
    assert usage is not None
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    calls = [call for call in choice.message.tool_calls or [] if call.type == "function"]
    return {
        "text": choice.message.content,
        "calls": [(call.function.name, json.loads(call.function.arguments)) for call in calls],
        "finish": choice.finish_reason,
        "model": answer.model,
        "usage": (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, cached),
    }


USAGE = (PROMPT_TOKENS, COMPLETION_TOKENS, PROMPT_TOKENS + COMPLETION_TOKENS, CACHED_TOKENS)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", VENDOR_MODELS)
def test_text_from_every_vendor(client: openai.OpenAI, model: str, stream: bool) -> None:
    expected = {"text": TEXT, "calls": [], "finish": "stop", "model": model, "usage": USAGE}
    assert expected == gist(ask(client, model, stream=stream))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", VENDOR_MODELS)
def test_parallel_tool_calls_from_every_vendor(client: openai.OpenAI, model: str, stream: bool) -> None:
    answer = ask(client, model, tools=True, stream=stream)
    calls = [(name, arguments) for _, name, arguments in CALLS]
    expected = {"text": None, "calls": calls, "finish": "tool_calls", "model": model, "usage": USAGE}
    assert expected == gist(answer)
    ids = [call.id for call in answer.choices[0].message.tool_calls or []]
    assert len(set(ids)) == 2
    assert all(ids)


@pytest.mark.parametrize("model", VENDOR_MODELS)
def test_a_tool_conversation_goes_on(client: openai.OpenAI, vendors: Vendors, model: str) -> None:
    first = ask(client, model, tools=True)
    message = first.choices[0].message
    results: Any = [
        {"role": "tool", "tool_call_id": call.id, "content": f"sunny {place}"}
        for place, call in enumerate(message.tool_calls or [])
    ]
    history: Any = [*MESSAGES, message.model_dump(exclude_none=True), *results]
    client.chat.completions.create(model=model, messages=history, tools=TOOLS)
    sent = json.dumps(vendors.asked[-1].body)
    assert "sunny 0" in sent
    assert "sunny 1" in sent


@pytest.mark.parametrize("model", VENDOR_MODELS)
async def test_the_async_client_streams(gateway: Gateway, model: str) -> None:
    async with openai.AsyncOpenAI(base_url=gateway.base + "/v1", api_key=MASTER_KEY, max_retries=0) as client:
        stream = await client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        text = ""
        async for chunk in stream:
            assert chunk.usage is None
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    assert text == TEXT


@pytest.mark.parametrize(("model", "header", "value"), [
    ("gpt", "authorization", "Bearer sk-up-openai"),
    ("claude", "x-api-key", "sk-up-anthropic"),
    ("gemini", "x-goog-api-key", "sk-up-gemini"),
])  # fmt: skip
def test_each_vendor_gets_its_own_key_and_never_the_callers(
    client: openai.OpenAI, vendors: Vendors, model: str, header: str, value: str
) -> None:
    ask(client, model)
    asked = vendors.asked[-1]
    assert asked.headers[header] == value
    assert MASTER_KEY not in json.dumps([asked.headers, asked.body, asked.path])
    assert asked.headers["accept-encoding"] == "identity"


def test_gateway_members_never_reach_the_upstream(client: openai.OpenAI, vendors: Vendors) -> None:
    extras = {
        "fallbacks": ["x"],
        "num_retries": 3,
        "timeout": 20,
        "cache": {"no-cache": True},
        "metadata": {"tags": ["a"], "kept": "yes"},
        "mock_testing_fallbacks": False,
        "unknown_vendor_field": {"deep": [1.0]},
    }
    client.chat.completions.create(model="gpt", messages=MESSAGES, extra_body=extras)
    body = vendors.asked[-1].body
    assert body["metadata"] == {"kept": "yes"}
    assert body["unknown_vendor_field"] == {"deep": [1.0]}
    assert body["model"] == "gpt-4o"
    assert not {"fallbacks", "num_retries", "timeout", "cache", "mock_testing_fallbacks"} & set(body)


def test_mock_response_asks_nobody(client: openai.OpenAI, vendors: Vendors) -> None:
    before = len(vendors.asked)
    answer = client.chat.completions.create(model="gpt", messages=MESSAGES, extra_body={"mock_response": "canned"})
    assert answer.choices[0].message.content == "canned"
    assert len(vendors.asked) == before


@pytest.mark.parametrize(
    ("model", "error", "status", "code"),
    [
        ("gtp", openai.NotFoundError, 404, "model_not_found"),
        ("unset", openai.InternalServerError, 503, "model_not_configured"),
        ("dead", openai.InternalServerError, 503, "service_unavailable"),
        ("openai/cut", openai.InternalServerError, 502, None),
        ("anthropic/cut", openai.InternalServerError, 502, None),
        ("gemini/cut", openai.InternalServerError, 502, None),
    ],
)
def test_failures_are_typed_errors(
    client: openai.OpenAI, model: str, error: type[openai.APIStatusError], status: int, code: str | None
) -> None:
    with pytest.raises(error) as caught:
        ask(client, model)
    assert caught.value.status_code in {status, 503}
    if code is not None:
        assert caught.value.code == code
    if model == "unset":
        assert "OPENAI_API_KEY" in caught.value.message


@pytest.mark.parametrize("model", ["openai/cut", "openai/cut-abort", "anthropic/cut", "gemini/cut"])
def test_a_stream_cut_short_raises_in_the_client(client: openai.OpenAI, model: str) -> None:
    chunks: list[Any] = []

    def read() -> None:
        stream = client.chat.completions.create(model=model, messages=MESSAGES, stream=True, tools=TOOLS)
        for chunk in stream:
            chunks.append(chunk)  # noqa: PERF402 - what came before the failure counts

    with pytest.raises(openai.APIError):
        read()
    assert not any(choice.finish_reason for chunk in chunks for choice in chunk.choices)


def test_a_wrong_key_is_refused(gateway: Gateway) -> None:
    with (
        openai.OpenAI(base_url=gateway.base + "/v1", api_key="sk-wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        ask(client, "gpt")


def test_models_are_listed(client: openai.OpenAI) -> None:
    listed = {model.id for model in client.models.list()}
    assert {"gpt", "claude", "gemini", "echo"} <= listed
    assert "unset" not in listed
    assert any(name.startswith("anthropic/claude-") for name in listed)
    assert client.models.retrieve("gpt").id == "gpt"
