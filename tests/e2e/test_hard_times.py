"""What users meet in practice: upstreams that die, clients that leave or stall, garbage, and a stop signal."""

import http.client
import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import BY_SIGNAL, ROOT, Gateway, clean_environment, command, running_gateway
from tests.e2e.vendors import Vendors

HEADERS = {"authorization": f"Bearer {MASTER_KEY}"}
STALLING = ("openai/stall", "anthropic/stall", "gemini/stall")
SILENT = ("openai/silent", "anthropic/silent", "gemini/silent")


def chat(model: str, *, stream: bool) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}


def events(text: str) -> list[Any]:
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


def raw_request(gateway: Gateway, body: dict[str, Any]) -> socket.socket:
    """A socket on which the request was sent and nothing read yet."""
    url = httpx.URL(gateway.base)
    payload = json.dumps(body).encode()
    client = socket.create_connection((url.host, url.port or 80), timeout=10)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {url.netloc.decode()}\r\nauthorization: Bearer {MASTER_KEY}\r\n"
    client.sendall(
        head.encode() + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(payload) + payload
    )
    return client


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("resident memory is read from /proc, which this system lacks")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture
def mortal_vendors() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The vendors in a process of their own, to be killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.vendors"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@BY_SIGNAL
def test_an_upstream_killed_mid_answer_is_an_error_in_the_stream(
    mortal_vendors: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, base = mortal_vendors
    with running_gateway(four_dialects(base), tmp_path) as gateway, httpx.Client(timeout=10) as client:
        url = gateway.base + "/v1/chat/completions"
        with client.stream("POST", url, headers=HEADERS, json=chat("anthropic/stall", stream=True)) as answer:
            assert answer.status_code == 200
            text = answer.iter_text()
            first = next(text)
            process.kill()
            told = events(first + "".join(text))
        assert "error" in told[-1]
        assert "[DONE]" not in told
        assert not any(choice["finish_reason"] for chunk in told[:-1] for choice in chunk["choices"])
        assert client.post(url, headers=HEADERS, json=chat("gpt", stream=False)).status_code == 503
        gateway.stop()
        assert "Traceback" not in gateway.output


@pytest.mark.parametrize(
    ("model", "stream"), [(m, True) for m in STALLING] + [(m, s) for m in SILENT for s in (True, False)]
)
def test_a_client_that_leaves_takes_the_upstream_with_it(
    gateway: Gateway, vendors: Vendors, model: str, stream: bool
) -> None:
    asked_before = len(vendors.asked)
    with closing(raw_request(gateway, chat(model, stream=stream))) as client:
        assert vendors.wait_for(lambda v: len(v.asked) > asked_before)
        busy = vendors.connections
        if "stall" in model:
            assert client.recv(10)
    assert vendors.wait_for(lambda v: v.connections < busy, timeout_s=1.0)


def test_a_reader_that_stalls_stops_the_upstream_instead_of_filling_memory(
    gateway: Gateway, vendors: Vendors
) -> None:
    asked_before = len(vendors.asked)
    before_kb = resident_kb(gateway.pid)
    with closing(raw_request(gateway, chat("openai/flood", stream=True))) as client:
        assert vendors.wait_for(lambda v: len(v.asked) > asked_before)
        assert client.recv(100)
        with httpx.Client(timeout=10) as other:  # the gateway has had time to read more than it should
            for _ in range(50):
                other.get(gateway.base + "/health/liveliness").raise_for_status()
        assert resident_kb(gateway.pid) - before_kb < 20_000


def garbage(generator: random.Random) -> bytes:
    valid = json.dumps(chat("gpt", stream=False)).encode()
    kind = generator.randrange(5)
    if kind == 0:
        return generator.randbytes(generator.randrange(200))
    if kind == 1:
        return valid[: generator.randrange(len(valid))]
    if kind == 2:
        return json.dumps({"model": generator.choice([1, None, [], "x" * 300]), "messages": [{}]}).encode()
    if kind == 3:
        return json.dumps(
            {
                "model": "claude",
                "messages": [
                    {
                        "role": generator.choice(["user", "tool", 7]),
                        "content": generator.choice([7, {}, [1], None]),
                    }
                ],
            }
        ).encode()
    return b"[" * generator.randrange(3_000)


def test_ten_thousand_garbage_requests_change_nothing(gateway: Gateway, vendors: Vendors) -> None:
    generator, statuses = random.Random(7), set()
    url, asked_before = httpx.URL(gateway.base), len(vendors.asked)
    count = 1_000 if "hypercorn" in gateway.arguments else 10_000
    with closing(http.client.HTTPConnection(url.host, url.port, timeout=10)) as client:

        def send(count: int) -> None:
            for _ in range(count):
                client.request("POST", "/v1/chat/completions", garbage(generator), HEADERS)
                answer = client.getresponse()
                assert json.loads(answer.read())["error"]["message"]
                statuses.add(answer.status)

        send(count // 10)
        files, before_kb = open_files(gateway.pid), resident_kb(gateway.pid)
        send(count - count // 10)
        assert open_files(gateway.pid) <= files + 2
        assert resident_kb(gateway.pid) - before_kb < 6_000
    assert statuses <= {400, 404}
    assert len(vendors.asked) == asked_before
    assert "Traceback" not in gateway.output


@BY_SIGNAL
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_stop_signal_ends_streams_with_a_typed_error(vendors: Vendors, tmp_path: Path, server: str) -> None:
    flags = ("--server", server, "--drain-timeout", "0.2")
    with (
        running_gateway(four_dialects(vendors.base), tmp_path, *flags) as gateway,
        httpx.Client(timeout=10) as client,
    ):
        body = chat("openai/stall", stream=True)
        url = gateway.base + "/v1/chat/completions"
        with client.stream("POST", url, headers=HEADERS, json=body) as answer:
            text = answer.iter_text()
            first = next(text)
            gateway.process.send_signal(signal.SIGTERM)
            told = events(first + "".join(text))
        assert told[-1]["error"]["code"] == "service_unavailable"
        assert gateway.wait() == 0
        assert "Traceback" not in gateway.output


@BY_SIGNAL
def test_ctrl_c_without_traffic_exits_at_once(tmp_path: Path) -> None:
    with running_gateway("model_list: [{model_name: e, litellm_params: {model: echo/echo}}]", tmp_path) as gateway:
        assert gateway.stop(signal.SIGINT, timeout_s=5) == 0
        assert "Traceback" not in gateway.output


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("model_list: [", "gateway.yaml:1"),
        ("model_lst: []", "model_list"),
        ("model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: os.environ/NOT_SET_ANYWHERE}}]", "NOT_SET_ANYWHERE"),
    ],
)  # fmt: skip
def test_a_bad_configuration_is_one_clear_sentence(tmp_path: Path, config: str, words: str) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(config)
    for arguments in (("serve",), ("check",)):
        done = subprocess.run(
            command(*arguments, "--config", str(path)), cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=20
        )  # fmt: skip
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("model_list: [{model_name: e, litellm_params: {model: echo/echo}}]")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            command("--config", str(path), "--bind", bind), cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=20
        )  # fmt: skip
    assert done.returncode == 1
    assert bind in done.stderr
    assert "Traceback" not in done.stderr
