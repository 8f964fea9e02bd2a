import logging

import pytest

from domain.errors import ErrorKind, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable
from tests.observability.routing_scenes import scene

LOGGER = "adapters.observability.routing_log"


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)


def changes(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The lines about deployments, with their levels."""
    return [
        (entry.levelname, entry.getMessage())
        for entry in caplog.records
        if entry.getMessage().startswith("deployment ")
    ]


def calls(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (entry.levelname, entry.getMessage())
        for entry in caplog.records
        if entry.getMessage().startswith("request ")
    ]


async def test_a_breaker_that_opens_has_one_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    await scene().fails_until_left_alone(UpstreamUnavailable("refused"))
    why = "provider_unavailable; 5 in a row, 5 of 5 calls failed within a minute; next probe in 2.0 s"
    assert changes(caplog) == [
        ("WARNING", f"deployment {ident} (openai/gpt-4o) is open, was closed; {why}") for ident in ("one", "two")
    ]


async def test_every_change_has_exactly_one_line(caplog: pytest.LogCaptureFixture) -> None:
    watched = scene()
    await watched.fails_until_left_alone(UpstreamUnavailable("refused"))
    caplog.clear()
    watched.clock.now_s += 2.0
    await watched.call(UpstreamTimeout("silent"))
    watched.clock.now_s += 2.0
    await watched.call()
    one, two = "deployment one (openai/gpt-4o)", "deployment two (openai/gpt-4o)"
    assert changes(caplog) == [
        ("DEBUG", f"{one} is half-open, was open; it opened 2.0 s ago"),
        (
            "DEBUG",
            (
                f"{one} is open, was half-open; it opened 2.0 s ago; its probe failed with provider_timeout; "
                "next probe in 2.0 s"
            ),
        ),
        ("DEBUG", f"{two} is half-open, was open; it opened 2.0 s ago"),
        ("INFO", f"{two} is closed, was half-open; it opened 2.0 s ago"),
        ("DEBUG", f"{one} is half-open, was open; it opened 4.0 s ago"),
        ("INFO", f"{one} is closed, was half-open; it opened 4.0 s ago"),
    ]


async def test_a_probe_whose_caller_left_proves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    watched = scene()
    await watched.fails_until_left_alone(UpstreamUnavailable("refused"))
    watched.clock.now_s += 2.0
    caplog.clear()
    await watched.call_and_leave()
    level, message = changes(caplog)[-1]
    assert level == "DEBUG"
    assert "is open, was half-open; it opened 2.0 s ago; provider_unavailable; 5 in a row" in message
    assert "probe failed" not in message


async def test_a_rate_limit_has_a_line_when_it_begins(caplog: pytest.LogCaptureFixture) -> None:
    watched = scene()
    limit = UpstreamRejected("slow down", kind=ErrorKind.RATE_LIMIT, retry_after_s=7.0)
    await watched.call(limit)
    assert changes(caplog) == [("INFO", "deployment one (openai/gpt-4o) is closed; rate limited for 7.0 s")]


async def test_calls_that_run_smoothly_leave_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await scene().call()
    assert caplog.records == []


async def test_all_calls_are_explained_while_debugging(caplog: pytest.LogCaptureFixture) -> None:
    await scene().call()
    assert calls(caplog) == [
        (
            "DEBUG",
            (
                "request r-1: model 'smart' | candidates: one (openai/gpt-4o), two (openai/gpt-4o) | choice: one | "
                "drawn: 0.000000 | answered by one, try 1"
            ),
        )
    ]


async def test_a_call_that_was_served_in_the_end_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    await scene().call(UpstreamTimeout("silent"))
    ((level, message),) = calls(caplog)
    assert level == "INFO"
    assert "one failed after 0.0 s: provider_timeout | choice: two" in message
    assert "silent" not in message


async def test_a_call_of_which_somebody_was_left_out_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    watched = scene()
    await watched.call(UpstreamRejected("no such key", kind=ErrorKind.AUTH))
    caplog.clear()
    await watched.call()
    ((level, message),) = calls(caplog)
    assert level == "INFO"
    assert "skipped one (openai/gpt-4o): failing: next probe in 2.0 s" in message


@pytest.mark.parametrize(("kind", "level"), [(ErrorKind.SERVER, "WARNING"), (ErrorKind.INVALID_REQUEST, "INFO")])
async def test_a_call_that_was_not_served_is_a_warning_unless_its_caller_is_to_blame(
    caplog: pytest.LogCaptureFixture, kind: ErrorKind, level: str
) -> None:
    faults = [UpstreamRejected("no", kind=kind) for _ in range(9)]
    await scene().call(*faults)
    assert [found for found, _ in calls(caplog)] == [level]


async def test_a_call_whose_caller_left_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    await scene().call_and_leave()
    await scene().call_and_leave(UpstreamTimeout("silent"))
    assert [level for level, _ in calls(caplog)] == ["DEBUG", "INFO"]


async def test_smooth_calls_are_told_of_from_the_moment_the_level_is_lowered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    played = scene()
    await played.call()
    assert calls(caplog) == []
    caplog.set_level(logging.DEBUG, LOGGER)
    await played.call()
    assert [level for level, _ in calls(caplog)] == ["DEBUG"]
