"""Who may ask: keys, hosts, origins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.access import (
    ANTHROPIC_CREDENTIALS,
    ANY_CREDENTIALS,
    GEMINI_CREDENTIALS,
    OPENAI_CREDENTIALS,
    AccessPolicy,
    key_in_query,
)
from adapters.http.cors import Cors
from domain.errors import Forbidden, InvalidKey
from domain.secret import Secret
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import build_gateway, served
from tests.http.scripts import everything

KEY = "sk-gateway"
LOCKED = AccessPolicy(master_key=Secret(KEY))


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY} "},
        {"api-key": KEY},
        {"x-api-key": KEY},
        {"x-litellm-api-key": KEY},
        {"x-litellm-api-key": f"Bearer {KEY}"},
        {"x-litellm-api-key": KEY, "authorization": "Bearer other"},
        {"authorization": f"Bearer {KEY}", "api-key": "other"},
        {"authorization": "Basic eDp5", "api-key": KEY},
        {"api-key": KEY, "host": "evil.example", "origin": "https://evil.example"},
    ],
)
def test_the_key_admits(headers: dict[str, str]) -> None:
    LOCKED.admit(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": KEY},
        {"authorization": "Basic eDp5"},
        {"authorization": "Bearer other"},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": "Bearer "},
        {"x-litellm-api-key": "other", "authorization": f"Bearer {KEY}"},
        {"authorization": "Bearer other", "api-key": KEY},
        {"x-goog-api-key": KEY},
    ],
)
def test_anything_else_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidKey, match=r"^Authentication Error, ") as refused:
        LOCKED.admit(headers)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("credentials", "headers", "query"),
    [
        (ANTHROPIC_CREDENTIALS, {"x-api-key": KEY}, b""),
        (ANTHROPIC_CREDENTIALS, {"authorization": f"Bearer {KEY}"}, b""),
        (ANTHROPIC_CREDENTIALS, {"x-api-key": KEY, "authorization": "Bearer other"}, b""),
        (ANTHROPIC_CREDENTIALS, {"x-litellm-api-key": KEY, "x-api-key": "other"}, b""),
        (GEMINI_CREDENTIALS, {"x-goog-api-key": KEY}, b""),
        (GEMINI_CREDENTIALS, {}, f"alt=sse&key={KEY}".encode()),
        (GEMINI_CREDENTIALS, {}, b"key=sk%2Dgateway"),
        (GEMINI_CREDENTIALS, {"authorization": f"Bearer {KEY}"}, b""),
        (GEMINI_CREDENTIALS, {"x-goog-api-key": KEY, "authorization": "Bearer other"}, b"key=other"),
        (GEMINI_CREDENTIALS, {"authorization": "Bearer other"}, f"key={KEY}".encode()),
        (GEMINI_CREDENTIALS, {"x-litellm-api-key": KEY, "x-goog-api-key": "other"}, b""),
        (ANY_CREDENTIALS, {"x-goog-api-key": KEY}, b""),
        (ANY_CREDENTIALS, {}, f"key={KEY}".encode()),
        (ANY_CREDENTIALS, {"api-key": KEY}, b"key=other"),
    ],
)
def test_each_vendor_s_clients_put_the_key_in_their_own_places(
    credentials: tuple[str, ...], headers: dict[str, str], query: bytes
) -> None:
    LOCKED.admit(headers, credentials, query)


@pytest.mark.parametrize(
    ("credentials", "headers", "query"),
    [
        (OPENAI_CREDENTIALS, {}, f"key={KEY}".encode()),
        (ANTHROPIC_CREDENTIALS, {"api-key": KEY}, b""),
        (ANTHROPIC_CREDENTIALS, {"x-api-key": "other", "authorization": f"Bearer {KEY}"}, b""),
        (ANTHROPIC_CREDENTIALS, {}, f"key={KEY}".encode()),
        (GEMINI_CREDENTIALS, {"x-api-key": KEY}, b""),
        (GEMINI_CREDENTIALS, {"x-goog-api-key": "other"}, f"key={KEY}".encode()),
        (GEMINI_CREDENTIALS, {}, f"key=&monkey={KEY}".encode()),
        (GEMINI_CREDENTIALS, {}, f"key=other&key={KEY}".encode()),
        (GEMINI_CREDENTIALS, {}, b"key=%ff%fe"),
    ],
)
def test_in_other_places_it_does_not_count(
    credentials: tuple[str, ...], headers: dict[str, str], query: bytes
) -> None:
    with pytest.raises(InvalidKey):
        LOCKED.admit(headers, credentials, query)


@given(st.binary())
def test_any_query_string_can_be_looked_at(query: bytes) -> None:
    assert key_in_query(query) != ""


def test_a_configured_header_replaces_the_default() -> None:
    policy = AccessPolicy(master_key=Secret(KEY), key_header_name="X-My-Key")
    policy.admit({"x-my-key": KEY})
    policy.admit({"x-my-key": f"Bearer {KEY}"})
    with pytest.raises(InvalidKey):
        policy.admit({"x-litellm-api-key": KEY})


@given(st.text(min_size=1).filter(lambda text: text.strip() != KEY))
def test_refusals_do_not_echo_the_key(presented: str) -> None:
    with pytest.raises(InvalidKey) as refused:
        LOCKED.admit({"x-api-key": "sk-echo" + presented})
    assert "sk-echo" not in refused.value.message


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LOCALHOST:1",
        "127.0.0.1:8080",
        "127.8.9.1",
        "[::1]",
        "[::1]:8080",
        "gate.lan:80",
    ],
)
def test_without_key_this_machine_may_ask(host: str) -> None:
    AccessPolicy(bound_host="gate.lan").admit({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "10.0.0.1",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::2]",
    ],
)
def test_without_key_other_hosts_are_refused(host: str) -> None:
    with pytest.raises(Forbidden, match="Host"):
        AccessPolicy().admit({"host": host})
    AccessPolicy(insecure=True).admit({"host": host})


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", ""]
)
@pytest.mark.parametrize("insecure", [False, True])
def test_without_key_other_origins_are_refused(origin: str, insecure: bool) -> None:
    with pytest.raises(Forbidden, match="web pages"):
        AccessPolicy(insecure=insecure).admit({"host": "127.0.0.1:8080", "origin": origin})


def test_without_key_own_and_allowed_origins_may_ask() -> None:
    policy = AccessPolicy(cors_origins=["http://localhost:3000"])
    policy.admit({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"})
    policy.admit({"host": "127.0.0.1:8080", "origin": "http://localhost:3000"})


def test_what_would_open_the_gateway_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="master key"):
        AccessPolicy(cors_origins=["*"])
    with pytest.raises(ValueError, match="not empty"):
        AccessPolicy(master_key=Secret(""))


def test_cors_is_off_by_default() -> None:
    assert Cors().headers({"origin": "https://a.example"}) == ()


def test_cors_names_the_allowed_origin_alone() -> None:
    cors = Cors(["https://a.example/", "https://b.example"])
    granted = dict(cors.headers({"origin": "https://a.example"}))
    assert granted[b"access-control-allow-origin"] == b"https://a.example"
    assert granted[b"vary"] == b"origin"
    assert dict(cors.headers({"origin": "https://c.example"})) == {b"vary": b"origin"}
    assert dict(cors.headers({})) == {b"vary": b"origin"}


async def test_the_key_guards_the_route_and_the_body_is_not_read(server: str) -> None:
    async with served(build_gateway(everything(), access=LOCKED), server) as gateway:
        headers = {"authorization": "Bearer wrong", "content-length": "99"}
        refused = await gateway.ask("POST", CHAT, headers=headers)
        assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
        headers = {"authorization": f"Bearer {KEY}"}
        assert (await gateway.ask("POST", CHAT, body=chat_body("passed-through"), headers=headers)).status == 200


async def test_web_pages_cannot_spend_the_keys(server: str) -> None:
    async with served(build_gateway(everything()), server) as gateway:
        for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
            body = chat_body("passed-through")
            refused = await gateway.ask("POST", CHAT, body=body, headers={"content-type": "text/plain", **headers})
            assert (refused.status, refused.error["type"]) == (403, "permission_error")
            assert (await gateway.ask("GET", "/v1/models", headers=headers)).status == 403
            assert (await gateway.ask("GET", "/health", headers=headers)).status == 200
        assert gateway.provider.calls == []


@pytest.mark.parametrize("path", [CHAT, "/v1/models"])
async def test_preflights_need_no_key(server: str, path: str) -> None:
    access = AccessPolicy(master_key=Secret(KEY), cors_origins=["https://a.example"])
    asked = {
        "origin": "https://a.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with served(build_gateway({}, access=access), server) as gateway:
        granted = await gateway.ask("OPTIONS", path, headers=asked)
        assert granted.status in {200, 204}
        assert granted.header("access-control-allow-origin") == "https://a.example"
        assert granted.header("access-control-allow-headers") == "authorization,content-type"
        assert "OPTIONS" in (granted.header("access-control-allow-methods") or "")
        denied = await gateway.ask("OPTIONS", path, headers={**asked, "origin": "https://b.example"})
        assert denied.header("access-control-allow-origin") is None
        assert denied.header("access-control-allow-methods") is None


@pytest.mark.parametrize(("method", "path"), [("POST", CHAT), ("GET", "/v1/models"), ("GET", "/nowhere")])
async def test_errors_too_can_be_read_by_allowed_pages(server: str, method: str, path: str) -> None:
    access = AccessPolicy(master_key=Secret(KEY), cors_origins=["*"])
    async with served(build_gateway({}, access=access), server) as gateway:
        refused = await gateway.ask(method, path, headers={"origin": "https://a.example"})
        assert (refused.status, refused.header("access-control-allow-origin")) == (401, "*")
