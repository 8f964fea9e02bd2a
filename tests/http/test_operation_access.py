"""Keys, names and errors of the routes that count, embed, and complete in the old way."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.http.access import AccessPolicy
from domain.secret import Secret
from tests.http.conftest import chat_body
from tests.http.gateway_under_test import Gateway, build_gateway
from tests.http.scripts import everything
from tests.http.vendor_clients import CHAT, GEMINI, KEY, MESSAGES, RESPONSES, VendorClient


@dataclass(frozen=True)
class Operation:
    """A route, who asks it, what it cannot do without, and the member of its answer that tells the result."""

    route: str
    client: VendorClient
    prompt: dict[str, Any]
    result: str

    @property
    def missing(self) -> str:
        return next(iter(self.prompt))

    def path(self, model: str) -> str:
        return self.route.format(model=model)

    def body(self, model: str) -> bytes:
        named = {} if "{model}" in self.route else {"model": model}
        return json.dumps({**self.prompt, **named}).encode()


HI = {"messages": [{"role": "user", "content": "hi there"}]}
CONTENTS = {"contents": [{"parts": [{"text": "hi there"}]}]}
OPERATIONS = [
    Operation("/v1/messages/count_tokens", MESSAGES, HI, "input_tokens"),
    Operation("/v1/responses/input_tokens", RESPONSES, {"input": "hi there"}, "input_tokens"),
    Operation("/v1beta/models/{model}:countTokens", GEMINI, CONTENTS, "totalTokens"),
    Operation("/v1/completions", CHAT, {"prompt": "hi there"}, "choices"),
    Operation("/v1/embeddings", CHAT, {"input": "hi there"}, "data"),
]


@pytest.fixture(params=OPERATIONS, ids=[operation.route for operation in OPERATIONS])
def operation(request: pytest.FixtureRequest) -> Operation:
    assert isinstance(request.param, Operation)
    return request.param


async def post(
    gateway: Gateway, path: str, body: bytes, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    response = await gateway.app.test_client().post(path, data=body, headers=headers)
    return response.status_code, await response.get_data(as_text=False)


async def test_each_route_answers_and_is_booked(local: Gateway, operation: Operation) -> None:
    status, answer = await post(local, operation.path("echo"), operation.body("echo"))
    assert (status, bool(json.loads(answer)[operation.result])) == (200, True)
    (record,) = local.books.records
    assert (record.route, record.group, record.status) == (operation.route, "echo", 200)
    assert local.books.open == 0


async def test_each_form_of_the_key_opens_it(operation: Operation) -> None:
    gateway = build_gateway(everything(), access=AccessPolicy(master_key=Secret(KEY)))
    for headers, query in operation.client.keys:
        path = f"{operation.path('echo')}?{query}"
        assert (await post(gateway, path, operation.body("echo"), headers))[0] == 200
    status, answer = await post(gateway, operation.path("echo"), operation.body("echo"))
    assert (status, bool(operation.client.error(answer))) == (401, True)


async def test_errors_are_in_the_words_of_its_clients(local: Gateway, operation: Operation) -> None:
    for model, body, statuses in (
        ("echo", b"{", {400}),
        ("echo", b'{"model":"echo"}', {400}),
        ("ecco", operation.body("ecco"), {404}),
        ("off", operation.body("off"), {503, 529}),
    ):
        status, answer = await post(local, operation.path(model), body)
        assert status in statuses
        message = operation.client.error(answer)["message"]
        assert (operation.missing in message) == (body == b'{"model":"echo"}')
    response = await local.app.test_client().get(operation.path("echo"))
    assert response.status_code == 405
    operation.client.error(await response.get_data(as_text=False))


@pytest.mark.parametrize("model", ["echo", "vendor/translated"])
@pytest.mark.parametrize("shape", ["/engines/{model}", "/openai/deployments/{model}"])
@pytest.mark.parametrize("name", ["/embeddings", "/completions", "/chat/completions"])
async def test_azure_s_paths_name_the_model(local: Gateway, model: str, shape: str, name: str) -> None:
    body = json.dumps({"input": "hi", "prompt": "hi", **json.loads(chat_body("x"))}).encode()
    path = shape.format(model=model.replace("/", "%2F")) + name
    status, answer = await post(local, path, body)
    assert (status, json.loads(answer)["model"]) == (200, model)
    assert local.books.records[0].group == model
