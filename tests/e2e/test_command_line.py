"""The command line as an operator meets it: check, `.env`, addresses, signals, closed pipes."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import BY_SIGNAL, ROOT, Gateway, clean_environment, command, run_command, running_gateway
from tests.e2e.vendors import Vendors

ECHO = "model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]"
SERVERS = ("uvicorn", "hypercorn")
HEADERS = {"authorization": f"Bearer {MASTER_KEY}"}


def chat_body(model: str, text: str = "hi", *, stream: bool = False) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}


def test_check_shows_the_configuration_and_no_secret(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(four_dialects("http://127.0.0.1:9"))
    done = run_command("check", "--config", str(config))
    assert done.returncode == 0
    assert done.stderr == ""
    assert "openai/gpt-4o" in done.stdout
    for secret in ("sk-up-openai", "sk-up-anthropic", "sk-up-gemini", MASTER_KEY):
        assert secret not in done.stdout
    assert done.stdout == run_command("--check", "-c", str(config)).stdout


def test_no_configuration_is_one_clear_sentence(tmp_path: Path) -> None:
    done = run_command(folder=tmp_path)
    assert done.returncode == 2
    assert "feathergate.yaml" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_version_is_told() -> None:
    done = run_command("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "feathergate")


@pytest.mark.parametrize("flags", [(), ("--no-dotenv",)])
def test_a_dotenv_file_beside_the_configuration_is_read_unless_told_not_to(
    vendors: Vendors, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY='sk-from-dotenv'  # mine\n")
    config = f"model_list: [{{model_name: m, litellm_params: {{model: openai/gpt-4o, api_key: '${{OPENAI_API_KEY:-}}', api_base: '{vendors.base}/v1'}}}}]"
    with running_gateway(config, tmp_path, *flags) as gateway:
        answer = httpx.post(gateway.base + "/v1/chat/completions", json=chat_body("m"), timeout=10)
    if flags:
        assert answer.status_code == 503
        assert "OPENAI_API_KEY" in answer.json()["error"]["message"]
    else:
        assert answer.status_code == 200
        assert vendors.asked[-1].headers["authorization"] == "Bearer sk-from-dotenv"


def test_other_machines_need_a_key_or_an_explicit_word(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(ECHO)
    refused = run_command("--config", str(config), "--bind", "0.0.0.0:0")
    assert refused.returncode == 2
    assert "master_key" in refused.stderr
    assert "--insecure" in refused.stderr
    for text, flags in ((ECHO, ("--insecure",)), (ECHO + "\ngeneral_settings: {master_key: sk-x}", ())):
        with running_gateway(text, tmp_path, "--host", "0.0.0.0", *flags) as gateway:
            assert httpx.get(gateway.base + "/health").json()["status"] == "ok"


@contextmanager
def streaming(gateway: Gateway, body: dict[str, object]) -> Iterator[Iterator[str]]:
    """The lines of an answer, of which the first has come."""
    url = gateway.base + "/v1/chat/completions"
    with httpx.Client(timeout=20) as client, client.stream("POST", url, headers=HEADERS, json=body) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: {")
        yield lines


@BY_SIGNAL
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_answers_in_flight_end(tmp_path: Path, server: str, stop: signal.Signals) -> None:
    with running_gateway(ECHO, tmp_path, "--server", server) as gateway:
        body = chat_body("echo", "/slow 50ms\none two three four five six seven", stream=True)
        with streaming(gateway, body) as lines:
            gateway.process.send_signal(stop)
            rest = [line for line in lines if line]
        assert rest[-1] == "data: [DONE]"
        assert "seven" in "".join(rest)
        assert gateway.wait() == 0
        assert "Traceback" not in gateway.output


@BY_SIGNAL
@pytest.mark.parametrize("server", SERVERS)
def test_a_second_signal_ends_them_at_once(vendors: Vendors, tmp_path: Path, server: str) -> None:
    with running_gateway(four_dialects(vendors.base), tmp_path, "--server", server) as gateway:
        with streaming(gateway, chat_body("openai/stall", stream=True)) as lines:
            gateway.process.send_signal(signal.SIGTERM)
            wait_until_it_refuses(gateway)
            began = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            rest = [line for line in lines if line]
        assert '"service_unavailable"' in rest[-1]
        assert gateway.wait() == 0
        assert time.monotonic() - began < 5
        assert "Traceback" not in gateway.output


def wait_until_it_refuses(gateway: Gateway) -> None:
    """Wait until no new connection is taken: the first signal was heard."""
    url = httpx.URL(gateway.base)
    with suppress(ConnectionError):
        while True:
            socket.create_connection((url.host, url.port or 80), timeout=5).close()


@BY_SIGNAL
def test_a_reader_who_left_before_it_spoke_does_not_stop_it(tmp_path: Path) -> None:
    config, port = tmp_path / "gateway.yaml", free_port()
    config.write_text(ECHO)
    process = subprocess.Popen(
        command("--config", str(config), "--port", str(port)),
        cwd=ROOT,
        env=clean_environment({"PYTHONUNBUFFERED": ""}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.close()
        with httpx.Client(transport=httpx.HTTPTransport(retries=6), timeout=10) as client:
            assert client.get(f"http://127.0.0.1:{port}/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "Error" not in told
    finally:
        process.kill()
        process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@BY_SIGNAL
@pytest.mark.parametrize("server", SERVERS)
def test_readers_that_close_its_pipes_do_not_stop_it(tmp_path: Path, server: str) -> None:
    """As in `feathergate 2>&1 | head -1`."""
    config = tmp_path / "gateway.yaml"
    config.write_text(ECHO)
    process = subprocess.Popen(
        command("--config", str(config), "--port", "0", "--server", server, "--log-level", "debug"),
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        base = process.stdout.readline().split()[-1]
        process.stdout.close()
        for _ in range(5):
            answer = httpx.post(base + "/v1/chat/completions", json=chat_body("echo"), timeout=10)
            assert answer.status_code == 200
        assert httpx.get(base + "/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)
