"""The ways to upstreams that the environment decides: proxies, their exceptions, and certificates."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.e2e.canned.contents import TEXT
from tests.e2e.forward_proxy import running_proxy
from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import Gateway, run_command, running_gateway
from tests.e2e.vendors import Vendors, running_vendors

MODELS = ("gpt", "claude", "gemini")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def tls_vendors(authority: trustme.CA) -> Iterator[Vendors]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with running_vendors(context) as vendors:
        yield vendors


def ask(gateway: Gateway, model: str, *, stream: bool = False) -> httpx.Response:
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    url, headers = gateway.base + "/v1/chat/completions", {"authorization": f"Bearer {MASTER_KEY}"}
    return httpx.post(url, headers=headers, json=body, timeout=10)


def assert_all_answer(gateway: Gateway) -> None:
    for model in MODELS:
        assert ask(gateway, model).json()["choices"][0]["message"]["content"] == TEXT
        assert "data: [DONE]" in ask(gateway, model, stream=True).text


def test_http_origins_are_reached_through_http_proxy(vendors: Vendors, tmp_path: Path) -> None:
    with running_proxy() as proxy:
        environment = {"HTTP_PROXY": proxy.url}
        with running_gateway(four_dialects(vendors.base), tmp_path, environment=environment) as gateway:
            assert_all_answer(gateway)
        assert proxy.asked
        assert {method for method, _ in proxy.asked} <= {"POST", "CONNECT"}
        authority = vendors.base.removeprefix("http://")
        assert all(authority in target for _, target in proxy.asked)


def test_https_origins_are_tunnelled_through_https_proxy(
    tls_vendors: Vendors, ca_file: str, tmp_path: Path
) -> None:
    with running_proxy() as proxy:
        environment = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": ca_file}
        with running_gateway(four_dialects(tls_vendors.base), tmp_path, environment=environment) as gateway:
            assert_all_answer(gateway)
        assert {("CONNECT", tls_vendors.base.removeprefix("https://"))} == set(proxy.asked)


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "*", "10.0.0.0/8, 127.0.0.0/8"])
def test_no_proxy_goes_past_the_proxy(vendors: Vendors, tmp_path: Path, no_proxy: str) -> None:
    with running_proxy() as proxy:
        environment = {"HTTP_PROXY": proxy.url, "NO_PROXY": no_proxy}
        with running_gateway(four_dialects(vendors.base), tmp_path, environment=environment) as gateway:
            assert_all_answer(gateway)
        assert proxy.asked == []


def test_a_proxy_that_is_none_is_one_clear_sentence(vendors: Vendors, tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(four_dialects(vendors.base))
    for arguments in (("serve", "--port", "0"), ("check",)):
        environment = {"HTTPS_PROXY": "socks5://127.0.0.1:1"}
        done = run_command(*arguments, "--config", str(config), environment=environment)
        assert done.returncode == 2
        assert "HTTPS_PROXY" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_ssl_cert_file_names_the_authorities(tls_vendors: Vendors, ca_file: str, tmp_path: Path) -> None:
    config = four_dialects(tls_vendors.base)
    with running_gateway(config, tmp_path, environment={"SSL_CERT_FILE": ca_file}) as gateway:
        assert_all_answer(gateway)


def test_a_certificate_of_an_unknown_authority_is_refused(tls_vendors: Vendors, tmp_path: Path) -> None:
    with running_gateway(four_dialects(tls_vendors.base), tmp_path) as gateway:
        refused = ask(gateway, "gpt")
    assert refused.status_code == 503
    assert "certificate" in refused.json()["error"]["message"]


@pytest.mark.parametrize("verify", ["false", "ca"])
def test_ssl_verify_holds_for_all_deployments(
    tls_vendors: Vendors, ca_file: str, tmp_path: Path, verify: str
) -> None:
    setting = verify if verify == "false" else f'"{ca_file}"'
    config = four_dialects(tls_vendors.base).replace("drop_params: true", f"ssl_verify: {setting}")
    with running_gateway(config, tmp_path) as gateway:
        assert_all_answer(gateway)
