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
