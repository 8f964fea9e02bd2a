"""Every chat route as its vendor's clients use it: answers, keys, and errors in their own words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.access import AccessPolicy
from domain.secret import Secret
from tests.http.gateway_under_test import MAX_BODY_BYTES, Gateway, build_gateway, served
from tests.http.http_client import Answer
from tests.http.scripts import everything
from tests.http.vendor_clients import BY_NAME, CLIENTS, GEMINI, KEY, MESSAGES, WITH_KEYS, VendorClient

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(params=[client.name for client in CLIENTS])
def client(request: pytest.FixtureRequest) -> VendorClient:
    return BY_NAME[request.param]


async def ask(gateway: Gateway, target: str, body: bytes = b"", **headers: str) -> Answer:
    """The answer, asked for in-process."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await gateway.app.test_client().post(target, data=body, headers=sent)
    return Answer(
        response.status_code,
        [(name.lower(), value) for name, value in response.headers.items()],
        await response.get_data(as_text=False),
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_each_client_is_answered_in_its_own_words(
    gateway: Gateway, client: VendorClient, stream: bool
) -> None:
    body = client.body("echo", stream=stream)
    answer = await gateway.ask("POST", client.target("echo", stream=stream), body=body)
    assert answer.status == 200
    streamed = stream or client.always_streams
    assert (client.streamed_text if streamed else client.text)(answer.body) == "hi there"
    (record,) = gateway.books.records
    route = client.stream_route if stream else client.route
    assert (record.route, record.stream, record.group) == (route, streamed, "echo")


@pytest.mark.parametrize(("name", "number"), WITH_KEYS)
async def test_each_form_of_the_key_opens_the_route(name: str, number: int) -> None:
    client = BY_NAME[name]
    headers, query = client.keys[number]
    gateway = build_gateway(everything(), access=AccessPolicy(master_key=Secret(KEY)))
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    assert (await ask(gateway, client.target("echo", query=query), client.body("echo"), **sent)).status == 200
    refused = await ask(gateway, client.target("echo"), client.body("echo"), authorization="Bearer other")
    assert refused.status == 401
    client.error(refused.body)
    assert (await ask(gateway, client.target("echo"), client.body("echo"))).status == 401


async def test_a_key_in_the_query_is_told_to_nobody(caplog: pytest.LogCaptureFixture, server: str) -> None:
    gateway = build_gateway(everything(), access=AccessPolicy(master_key=Secret(KEY)))
    async with served(gateway, server) as gateway:
        for method in ("POST", "PUT"):
            await gateway.ask(method, GEMINI.target("echo", query=f"key={KEY}"), body=GEMINI.body("echo"))
        await gateway.ask("GET", f"/v1beta/models?key={KEY}")
        await gateway.ask("GET", f"/v1beta/nowhere?key={KEY}")
    (call,) = gateway.provider.calls
    assert KEY not in repr((call.query, dict(call.headers)))
    assert KEY not in repr((gateway.books.requests, gateway.books.records[0].route, caplog.text))
    assert len(gateway.books.requests) == 3


def status_word(client: VendorClient, error: dict[str, Any]) -> object:
    """The word by which each vendor's clients tell errors apart."""
    match client.name:
        case "chat" | "responses":
            return error["code"]
        case "messages":
            return error["type"]
        case _:
            return error["status"]


async def test_models_that_are_not_there_are_404_with_near_names(local: Gateway, client: VendorClient) -> None:
    answer = await ask(local, client.target("ecco"), client.body("ecco"))
    error = client.error(answer.body)
    assert (answer.status, answer.header("x-should-retry")) == (404, "false")
    assert status_word(client, error) in {"model_not_found", "not_found_error", "NOT_FOUND"}
    assert "echo" in error["message"]


async def test_models_without_key_are_503(local: Gateway, client: VendorClient) -> None:
    answer = await ask(local, client.target("off"), client.body("off"))
    assert answer.status in {503, 529}
    assert "OFF_API_KEY" in client.error(answer.body)["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a":}', b"\xff", b'{"model":"echo"} x'])
async def test_what_is_no_json_object_is_refused(local: Gateway, client: VendorClient, body: bytes) -> None:
    answer = await ask(local, client.target("echo"), body)
    client.error(answer.body)
    assert answer.status == 400
    assert local.provider.calls == []


async def test_what_a_request_cannot_do_without_is_named(local: Gateway, client: VendorClient) -> None:
    nothings: tuple[object, ...] = ([], None)
    for nothing in nothings:
        body = client.document(**{"model": "echo", client.missing: nothing})
        answer = await ask(local, client.target("echo"), body)
        assert answer.status == 400
        assert client.missing in client.error(answer.body)["message"]
    if "{model}" not in client.path:
        answer = await ask(local, client.target(""), client.body(""))
        assert (answer.status, "model" in client.error(answer.body)["message"]) == (400, True)


@pytest.mark.parametrize(
    ("header", "value"),
    [("x-litellm-timeout", "soon"), ("x-feathergate-strict", "perhaps"), ("content-type", "a/b; charset=latin-1")],
)
async def test_headers_that_say_nothing_clear_are_refused(
    local: Gateway, client: VendorClient, header: str, value: str
) -> None:
    answer = await ask(local, client.target("echo"), client.body("echo"), **{header.replace("-", "_"): value})
    assert answer.status == 400
    assert header in client.error(answer.body)["message"]


async def test_bodies_beyond_the_limit_are_refused(gateway: Gateway, client: VendorClient) -> None:
    headers = {"content-length": str(MAX_BODY_BYTES + 1)}
    answer = await gateway.ask("POST", client.target("echo"), headers=headers)
    assert answer.status == 413
    assert str(MAX_BODY_BYTES) in client.error(answer.body)["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_refused(gateway: Gateway, client: VendorClient, method: str) -> None:
    answer = await gateway.ask(method, client.target("echo"))
    assert (answer.status, answer.header("allow")) == (405, "POST, OPTIONS")
    assert method in client.error(answer.body)["message"]


async def test_web_pages_that_are_allowed_may_ask(client: VendorClient) -> None:
    access = AccessPolicy(master_key=Secret(KEY), cors_origins=["https://a.example"])
    gateway = build_gateway(everything(), access=access)
    asked = {
        "origin": "https://a.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-goog-api-key,anthropic-version",
    }
    granted = await gateway.app.test_client().options(client.target("echo"), headers=asked)
    assert granted.headers["access-control-allow-headers"] == "x-goog-api-key,anthropic-version"
    refused = await ask(gateway, client.target("echo"), client.body("echo"), origin="https://a.example")
    assert (refused.status, refused.header("access-control-allow-origin")) == (401, "https://a.example")


async def test_the_gateway_s_own_headers_and_members_count_on_every_route(
    local: Gateway, client: VendorClient
) -> None:
    body = client.body("echo", num_retries=3, drop_params=True, timeout=7, litellm_session_id="s")
    await ask(local, client.target("echo"), body, x_litellm_timeout="2", x_feathergate_strict="true")
    await ask(local, client.target("echo"), body)
    first, second = local.provider.calls
    assert (first.timeout_s, first.strict, first.drop_params) == (2, True, True)
    assert (second.timeout_s, second.strict) == (7, False)
    assert not {"num_retries", "drop_params", "timeout", "litellm_session_id"} & set(first.document.envelope)  # type: ignore[attr-defined] # every reader makes a Document


@pytest.mark.parametrize("written", ["vendor/translated", "vendor%2Ftranslated", "vendor%2ftranslated"])
@pytest.mark.parametrize("prefix", ["/v1beta", "/v1", "/v1alpha", ""])
async def test_names_with_slashes_stand_in_the_path(gateway: Gateway, prefix: str, written: str) -> None:
    answer = await gateway.ask(
        "POST", f"{prefix}/models/{written}:generateContent", body=GEMINI.body(""), headers={"x-goog-api-key": "k"}
    )
    assert GEMINI.text(answer.body) == "Grüß Gott"
    assert gateway.provider.calls[0].model == "vendor/translated"


@pytest.mark.parametrize(
    ("written", "meant"), [("a:b", "a:b"), ("a%3Ab", "a:b"), ("a%253Ab", "a%3Ab"), ("a%20b", "a b")]
)
async def test_names_are_decoded_once(gateway: Gateway, written: str, meant: str) -> None:
    answer = await gateway.ask("POST", f"/v1beta/models/{written}:generateContent", body=GEMINI.body(""))
    assert answer.status == 404
    assert repr(meant) in GEMINI.error(answer.body)["message"]


async def test_the_path_s_model_beats_gemini_s_body(local: Gateway) -> None:
    await ask(local, GEMINI.target("echo"), GEMINI.document(model="models/other", stream=True))
    (call,) = local.provider.calls
    assert (call.model, call.stream) == ("echo", False)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_before_the_answer_has_its_status(
    local: Gateway, client: VendorClient, stream: bool
) -> None:
    answer = await ask(local, client.target("refused", stream=stream), client.body("refused", stream=stream))
    assert answer.status == (529 if client is MESSAGES else 503)
    client.error(answer.body)


async def test_a_failure_within_a_stream_is_its_last_word(local: Gateway, client: VendorClient) -> None:
    model = "breaks-translated"
    answer = await ask(local, client.target(model, stream=True), client.body(model, stream=True))
    assert answer.status == 200
    documents = list(client.documents(answer.body))
    errors = [document for document in documents if document.get("error")]
    assert len(errors) == 1
    assert "no more" in errors[0]["error"]["message"]
    for ending in (b"[DONE]", b"message_stop", b"response.completed", b"finishReason"):
        assert ending not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/messages/batches", "messages"),
        ("POST", "/v1/messages/count", "messages"),
        ("GET", "/anthropic/v1/nowhere", "messages"),
        ("DELETE", "/anthropic/v1/models", "messages"),
        ("POST", "/v1beta/models/echo:predict", "gemini"),
        ("GET", "/v1alpha/nowhere", "gemini"),
        ("POST", "/v1beta/models", "gemini"),
        ("GET", "/nowhere", "chat"),
    ],
)
async def test_what_is_no_route_is_told_in_the_words_of_the_path(
    gateway: Gateway, method: str, path: str, name: str
) -> None:
    answer = await gateway.ask(method, path)
    assert answer.status in {404, 405}
    BY_NAME[name].error(answer.body)


@pytest.mark.parametrize(
    ("headers", "name"),
    [({"anthropic-version": "2023-06-01"}, "messages"), ({"x-goog-api-key": "k"}, "gemini"), ({}, "chat")],
)
async def test_else_the_headers_tell_who_asks(gateway: Gateway, headers: dict[str, str], name: str) -> None:
    for path in ("/nowhere", "/v1/models/nobody"):
        answer = await gateway.ask("GET", path, headers=headers)
        assert answer.status == 404
        BY_NAME[name].error(answer.body)


@settings(max_examples=40)
@given(st.sampled_from(CLIENTS), st.data())
async def test_garbage_is_refused_in_the_client_s_words(client: VendorClient, data: st.DataObject) -> None:
    known = dict.fromkeys(("model", "stream", client.missing, "tools", "metadata", "system"), json_values)
    documents = json_values | st.fixed_dictionaries({}, optional=known)
    body = data.draw(st.binary(max_size=60) | documents.map(lambda value: json.dumps(value).encode()))
    gateway = build_gateway({})
    answer = await ask(gateway, client.target("m"), body)
    assert 400 <= answer.status < 500
    client.error(answer.body)
    assert gateway.books.open == 0
