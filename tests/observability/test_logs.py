import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.observability.log_lines import LogFormat, escape_controls, redact
from adapters.observability.logs import TALKATIVE, LineHandler, configure_logging
from domain.secret import Secret


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in TALKATIVE}
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def configured(log_format: LogFormat, level: int = logging.INFO) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(stream, log_format=log_format, level=level)
    return stream


def test_a_console_line() -> None:
    stream = configured(LogFormat.CONSOLE)
    logging.getLogger("entrypoints.server").warning("draining for %s s", 30)
    time, _, rest = stream.getvalue().partition(" ")
    assert time.endswith("Z")
    assert rest == "warning entrypoints.server draining for 30 s\n"


def test_a_json_line() -> None:
    stream = configured(LogFormat.JSON)
    logging.getLogger("here").error("port %d is in use", 8080)
    fields = json.loads(stream.getvalue())
    assert fields.pop("time").endswith("Z")
    assert fields == {"level": "error", "logger": "here", "message": "port 8080 is in use"}


@pytest.mark.parametrize("log_format", LogFormat)
def test_secrets_are_masked(log_format: LogFormat) -> None:
    stream = configured(log_format)
    secret = Secret("correct-horse-battery")
    logging.getLogger("here").error("%s %r %10s %s", secret, secret, secret, [secret, {"key": secret}])
    assert "correct-horse" not in stream.getvalue()
    assert "********" in stream.getvalue()


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_message_is_one_line(log_format: LogFormat) -> None:
    stream = configured(log_format)
    logging.getLogger("here").error("model %s", "x\n2026 info forged\r\x1b[2J\u2028")
    assert stream.getvalue().removesuffix("\n").isprintable()


def test_a_traceback_follows_its_line_indented() -> None:
    stream = configured(LogFormat.CONSOLE)
    try:
        raise ValueError("first\nforged Bearer abcdefgh12345")
    except ValueError:
        logging.getLogger("here").exception("a defect")
    first, *trace = stream.getvalue().splitlines()
    assert first.endswith("error here a defect")
    assert trace
    assert all(line.startswith("    ") for line in trace)
    assert "abcdefgh" not in stream.getvalue()


def test_a_traceback_is_a_field_in_json() -> None:
    stream = configured(LogFormat.JSON)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("here").exception("a defect")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["trace"].endswith("ValueError: broken")


def test_loggers_that_tell_every_request_are_held_at_warnings() -> None:
    stream = configured(LogFormat.CONSOLE, logging.DEBUG)
    logging.getLogger("httpx").info("POST https://host/v1?key=abc")
    logging.getLogger("here").debug("visible")
    assert stream.getvalue().count("\n") == 1


def test_setting_up_twice_leaves_one_handler() -> None:
    configured(LogFormat.CONSOLE)
    stream = configured(LogFormat.CONSOLE)
    logging.getLogger("here").info("once")
    assert stream.getvalue().count("once") == 1


def test_a_closed_stream_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    stream = configured(LogFormat.CONSOLE)
    stream.close()
    logging.getLogger("here").error("unheard")
    assert capsys.readouterr().err == ""


def test_a_mistaken_log_call_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    handler = LineHandler(io.StringIO(), LogFormat.CONSOLE)
    handler.emit(logging.LogRecord("here", logging.INFO, "file.py", 1, "%d", ("no number",), None))
    assert "Logging error" in capsys.readouterr().err


@pytest.mark.parametrize(
    "key",
    [
        "sk-abcdefghij",
        "sk-ant-api03-abcdefghij",
        "sk-...abcdefghij",
        "gsk_abcdefghij",
        "AIzaSyabcdefghij",
        "Bearer abcdefghij.klm",
        "https://host/v1beta/models/m:generateContent?key=abcdefghij",
    ],
)
def test_key_shaped_text_is_redacted(key: str) -> None:
    assert "abcdefghij" not in redact(f"rejected: {key}, try another")
    assert redact(f"rejected: {key}, try another").endswith(", try another")


def test_ordinary_text_is_not_redacted() -> None:
    text = "no model is named 'sky-high'; the risk-free ask-me basic plan has tokens; pk-1"
    assert redact(text) == text


@given(st.text())
def test_escaped_text_is_printable_and_printable_text_is_kept(text: str) -> None:
    assert escape_controls(text).isprintable()
    if text.isprintable():
        assert escape_controls(text) == text
