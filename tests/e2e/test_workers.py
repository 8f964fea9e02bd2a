"""Several worker processes under a supervisor, as an operator meets them: signals, deaths, new configurations."""

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.e2e.gateway import Gateway, running_gateway

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

ECHO = "model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]"
RENEWED = ECHO.replace("model_name: echo", "model_name: renewed")
CHAT = "/v1/chat/completions"
PATIENCE_S = 15.0


def body(model: str = "echo", text: str = "hi", *, stream: bool = False) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}


def call(gateway: Gateway, model: str = "echo") -> int:
    """The status of a call on a connection of its own."""
    return httpx.post(gateway.base + CHAT, json=body(model), timeout=PATIENCE_S).status_code


def is_answered_by(gateway: Gateway, pid: int) -> bool:
    """Whether it is that process that takes a new connection."""
    return bool(httpx.get(gateway.base + "/router/state", timeout=PATIENCE_S).json()["pid"] == pid)


def is_refused(gateway: Gateway) -> bool:
    """Whether nobody listens any more."""
    url = httpx.URL(gateway.base)
    try:
        socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return True
    return False


def serving(gateway: Gateway) -> list[int]:
    """The workers that said they serve, in that order; those that are gone included."""
    return [int(pid) for pid in re.findall(r"worker (\d+) serves", gateway.output)]


def scraped(gateway: Gateway, name: str) -> float:
    """The sum over a metric's samples."""
    page = httpx.get(gateway.base + "/metrics", timeout=PATIENCE_S).raise_for_status()
    return sum(s.value for family in parse_text(page.text) for s in family.samples if s.name == name)


def wait_until(gateway: Gateway, condition: Callable[[], bool]) -> None:
    """Poll; each round is a request or a look at a process, so it takes its time."""
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE_S, deadline.set)
    timer.start()
    try:
        while not condition():
            assert not deadline.wait(0.01), gateway.output
    finally:
        timer.cancel()


@contextmanager
def workers(folder: Path, number: int, *arguments: str) -> Iterator[Gateway]:
    with running_gateway(ECHO, folder, "--workers", str(number), *arguments) as gateway:
        wait_until(gateway, lambda: len(serving(gateway)) == number)
        yield gateway
        assert "Traceback" not in gateway.output


def test_all_workers_serve_and_a_killed_one_is_replaced_with_nothing_lost(tmp_path: Path) -> None:
    with workers(tmp_path, 2) as gateway:
        first = set(serving(gateway))
        for pid in first:
            wait_until(gateway, partial(is_answered_by, gateway, pid))
        assert {call(gateway) for _ in range(20)} == {200}
        assert scraped(gateway, "feathergate_requests_total") == 20
        assert scraped(gateway, "feathergate_workers") == 2

        os.kill(min(first), signal.SIGKILL)
        assert {call(gateway) for _ in range(20)} == {200}
        wait_until(gateway, lambda: len(serving(gateway)) == 3)
        wait_until(gateway, lambda: scraped(gateway, "feathergate_workers") == 2)
        assert scraped(gateway, "feathergate_requests_total") == 40
        assert scraped(gateway, "feathergate_worker_restarts_total") == 1
        assert scraped(gateway, "feathergate_request_duration_seconds_count") == 40
        assert f"worker {min(first)} was killed by SIGKILL" in gateway.output

        assert gateway.stop() == 0
        assert is_refused(gateway)


class Load:
    """Callers that go on until told to stop, each on a connection that it keeps."""

    def __init__(self, gateway: Gateway, callers: int) -> None:
        self._base = gateway.base
        self._enough = threading.Event()
        self.statuses: list[int | str] = []
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _call(self) -> None:
        with httpx.Client(base_url=self._base, timeout=PATIENCE_S) as client:
            while not self._enough.is_set():
                try:
                    self.statuses.append(client.get("/v1/models").status_code)
                    self.statuses.append(client.post(CHAT, json=body("echo/echo")).status_code)
                except httpx.HTTPError as failure:
                    self.statuses.append(repr(failure))


@contextmanager
def streaming(gateway: Gateway, text: str) -> Iterator[Iterator[str]]:
    """The lines of an answer, of which the first has come."""
    with (
        httpx.Client(timeout=PATIENCE_S) as client,
        client.stream("POST", gateway.base + CHAT, json=body("echo", text, stream=True)) as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines).startswith("data: {")
        yield lines


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_rolling_restart_drops_nothing(tmp_path: Path, server: str) -> None:
    both = ECHO.replace("}}]", "}}, {model_name: echo/echo, litellm_params: {model: echo/echo}}]")
    with running_gateway(both, tmp_path, "--workers", "2", "--server", server) as gateway:
        wait_until(gateway, lambda: len(serving(gateway)) == 2)
        with Load(gateway, 4) as load, streaming(gateway, "/slow 50ms\n" + "word " * 30 + "last") as lines:
            (tmp_path / "gateway.yaml").write_text(both.replace("model_name: echo,", "model_name: renewed,"))
            gateway.process.send_signal(signal.SIGHUP)
            wait_until(gateway, lambda: "all workers are replaced" in gateway.output)
            wait_until(gateway, lambda: call(gateway, "renewed") == 200)
            assert httpx.get(gateway.base + "/health/readiness", timeout=PATIENCE_S).status_code == 200
            rest = [line for line in lines if line]
        assert rest[-1] == "data: [DONE]"
        assert "last" in "".join(rest)
        assert set(load.statuses) == {200}
        assert scraped(gateway, "feathergate_requests_total") >= len(load.statuses) / 2
        assert len(serving(gateway)) == 4
        assert gateway.stop() == 0
        assert "Traceback" not in gateway.output


def test_a_broken_configuration_changes_nothing(tmp_path: Path) -> None:
    with workers(tmp_path, 1) as gateway:
        (tmp_path / "gateway.yaml").write_text(ECHO + "\nrouter_settings: {num_retires: 3}")
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(gateway, lambda: "was not taken over" in gateway.output)
        assert "gateway.yaml:2" in gateway.output
        assert "num_retries" in gateway.output
        assert call(gateway) == 200
        (tmp_path / "gateway.yaml").write_text(RENEWED)
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(gateway, lambda: call(gateway, "renewed") == 200)
        assert len(serving(gateway)) == 2
        assert gateway.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_hangup_does_nothing_to_one_process(tmp_path: Path, server: str) -> None:
    with running_gateway(ECHO, tmp_path, "--server", server) as gateway:
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(gateway, lambda: "SIGHUP changes nothing" in gateway.output)
        assert call(gateway) == 200
        assert gateway.stop() == 0


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_ctrl_c_lets_answers_end_and_a_second_one_does_not(tmp_path: Path, server: str) -> None:
    """A terminal sends it to the workers too."""
    with workers(tmp_path, 2, "--server", server) as gateway:
        with (
            streaming(gateway, "/slow 100ms\n" + "word " * 300) as lengthy,
            streaming(gateway, "/slow 30ms\n" + "word " * 9 + "last") as brief,
        ):
            for pid in (*serving(gateway), gateway.pid):
                os.kill(pid, signal.SIGINT)
            assert "last" in "".join(brief)
            gateway.process.send_signal(signal.SIGINT)
            assert '"service_unavailable"' in "".join(lengthy)
        assert gateway.wait() == 0


def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    with workers(tmp_path, 2) as gateway:
        with streaming(gateway, "/slow 20ms\n" + "word " * 9 + "last") as lines:
            gateway.process.kill()
            gateway.process.wait(PATIENCE_S)
            assert "last" in "".join(lines)
        wait_until(gateway, lambda: is_refused(gateway))
