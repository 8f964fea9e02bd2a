import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.arguments import DEFAULT_PORT, parse_arguments, parse_bind


def test_the_defaults_serve_on_loopback() -> None:
    options = parse_arguments([])
    assert (options.command, options.config, options.host, options.port) == (
        "serve",
        Path("feathergate.yaml"),
        "127.0.0.1",
        8080,
    )
    assert options.is_loopback
    assert options.dotenv


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("[::1]:9000", ("::1", 9000)),
        ("[::1]", ("::1", DEFAULT_PORT)),
        (":9000", ("127.0.0.1", 9000)),
        ("localhost", ("localhost", DEFAULT_PORT)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_bind_takes_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_bind(text) == expected


@given(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True), st.integers(0, 65_535))
def test_bind_gives_back_what_was_written(host: str, port: int) -> None:
    assert parse_bind(f"{host}:{port}") == (host, port)


@given(st.text(max_size=20))
def test_bind_is_understood_or_refused(text: str) -> None:
    with suppress(ValueError):
        _, port = parse_bind(text)
        assert 0 <= port <= 65_535


def test_litellms_spellings_win_over_bind() -> None:
    options = parse_arguments(["--host", "0.0.0.0", "--port", "4000", "-c", "litellm.yaml"])
    assert (options.host, options.port, options.config) == ("0.0.0.0", 4000, Path("litellm.yaml"))
    assert not options.is_loopback


@pytest.mark.parametrize("arguments", [["check"], ["--check"], ["check", "--config", "x.yaml"]])
def test_check_has_two_spellings(arguments: list[str]) -> None:
    assert parse_arguments(arguments).command == "check"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bind", "127.0.0.1:http"],
        ["--port", "70000"],
        ["--drain-timeout", "soon"],
        ["--drain-timeout", "-1"],
        ["--tls-cert", "c.pem"],
        ["--server", "uvicorn", "--http2"],
        ["--server", "gunicorn"],
        ["dance"],
    ],
)
def test_mistakes_are_refused_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse_arguments(arguments)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse_arguments(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("feathergate ")


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")


@needs_fork
@pytest.mark.parametrize(
    ("arguments", "environment", "workers"),
    [
        ([], {}, None),
        (["--workers", "2"], {}, 2),
        (["--num_workers", "1"], {}, 1),
        ([], {"NUM_WORKERS": "4"}, 4),
        ([], {"NUM_WORKERS": ""}, None),
        (["--workers", "2"], {"NUM_WORKERS": "4"}, 2),
    ],
)
def test_workers_are_asked_for_as_with_litellm(
    arguments: list[str], environment: dict[str, str], workers: int | None
) -> None:
    assert parse_arguments(arguments, environment).workers == workers


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--workers", "0"], {}, "--workers"),
        (["--workers", "many"], {}, "from 1 to 512"),
        ([], {"NUM_WORKERS": "1.5"}, "NUM_WORKERS"),
    ],
)
def test_numbers_that_are_none_are_refused(
    arguments: list[str], environment: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(arguments, environment)
    assert told in capsys.readouterr().err


def test_without_fork_one_process_serves_and_more_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork", raising=False)
    assert parse_arguments(["--workers", "1"]).workers is None
    with pytest.raises(SystemExit):
        parse_arguments(["--workers", "2"])
