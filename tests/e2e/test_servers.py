"""The servers: TLS and HTTP/2 on Hypercorn, and the same answers whichever of the two serves."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.e2e.canned.contents import TEXT
from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import BY_SIGNAL, Gateway, run_command, running_gateway
from tests.e2e.vendors import Vendors

HEADERS = {"authorization": f"Bearer {MASTER_KEY}"}
CHAT = "/v1/chat/completions"
SAME_FOR_NO_TWO = {"date", "content-length", "transfer-encoding", "connection"}


def chat(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_flags(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("certificate")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    return ("--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"))


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@BY_SIGNAL
@pytest.mark.parametrize(("http2", "version"), [(("--http2",), "HTTP/2"), ((), "HTTP/1.1")])
def test_tls_is_served(
    vendors: Vendors,
    tmp_path: Path,
    tls_flags: tuple[str, ...],
    trusting: ssl.SSLContext,
    http2: tuple[str, ...],
    version: str,
) -> None:
    with running_gateway(four_dialects(vendors.base), tmp_path, *tls_flags, *http2) as gateway:
        assert gateway.base.startswith("https://")
        with httpx.Client(base_url=gateway.base, http2=True, verify=trusting, headers=HEADERS) as client:
            assert_answers(client, version)
        assert gateway.stop() == 0
        assert "Traceback" not in gateway.output


def test_a_certificate_that_is_none_is_one_clear_sentence(tmp_path: Path, tls_flags: tuple[str, ...]) -> None:
    config, garbage = tmp_path / "gateway.yaml", tmp_path / "garbage.pem"
    config.write_text("model_list: [{model_name: e, litellm_params: {model: echo/echo}}]")
    garbage.write_text("no certificate")
    for cert, key in ((str(tmp_path / "absent.pem"), tls_flags[3]), (tls_flags[1], str(garbage))):
        done = run_command("--config", str(config), "--port", "0", "--tls-cert", cert, "--tls-key", key)
        assert done.returncode == 1
        assert cert in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_http2_is_served_without_tls_to_those_who_know(vendors: Vendors, tmp_path: Path) -> None:
    with running_gateway(four_dialects(vendors.base), tmp_path, "--http2") as gateway:
        with httpx.Client(base_url=gateway.base, http1=False, http2=True, headers=HEADERS) as client:
            assert_answers(client, "HTTP/2")
        assert httpx.get(gateway.base + "/health").http_version == "HTTP/1.1"


def assert_answers(client: httpx.Client, version: str) -> None:
    for model in ("gpt", "claude", "gemini"):
        whole = client.post(CHAT, json=chat(model))
        assert whole.http_version == version
        assert whole.json()["choices"][0]["message"]["content"] == TEXT
        streamed = client.post(CHAT, json=chat(model, stream=True))
        assert streamed.text.endswith("data: [DONE]\n\n")
    assert client.post(CHAT, json=chat("gtp")).status_code == 404
    assert client.get("/health").json()["status"] == "ok"


@pytest.fixture(scope="module")
def both(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Gateway]]:
    config, folder = four_dialects(vendors.base), tmp_path_factory.mktemp("both")
    with (
        running_gateway(config, folder, "--server", "uvicorn") as one,
        running_gateway(config, folder, "--server", "hypercorn") as other,
    ):
        yield one, other


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(("POST", CHAT, chat(model, stream=s)) for model in ("gpt", "claude", "gemini") for s in (False, True)),
        ("POST", CHAT, chat("gtp")),
        ("POST", CHAT, chat("unset")),
        ("POST", CHAT, {"model": "gpt", "messages": []}),
        ("POST", CHAT, None),
        ("POST", "/engines/gpt/chat/completions", chat("other")),
        ("POST", "/openai/deployments/openai/gpt-4o/chat/completions?api-version=1", chat("other")),
        ("GET", CHAT, None),
        ("OPTIONS", CHAT, None),
        ("GET", "/v1/models", None),
        ("GET", "/v1/models/anthropic/claude-sonnet-4-5", None),
        ("GET", "/health", None),
        ("HEAD", "/health", None),
        ("GET", "/health/readiness", None),
        ("POST", "/health", None),
        ("GET", "/no/such/path", None),
        ("GET", "/v1//models", None),
    ],
)  # fmt: skip
def test_both_servers_answer_alike(both: tuple[Gateway, Gateway], method: str, path: str, body: Any) -> None:
    one, other = (gist(gateway, method, path, body) for gateway in both)
    assert one == other


def gist(gateway: Gateway, method: str, path: str, body: Any) -> tuple[int, set[str], str]:
    """Status, names of headers, and the body without what is never twice the same."""
    answer = httpx.request(method, gateway.base + path, json=body, headers=HEADERS, timeout=10)
    frames = []
    for line in answer.text.splitlines():
        text = line.removeprefix("data: ")
        frames.append(json.loads(text) | {"created": 0} if text.startswith("{") else text)
    return answer.status_code, set(answer.headers) - SAME_FOR_NO_TWO, json.dumps(frames, sort_keys=True)
