"""Tries beyond the first in the line of a request, and none where there were none."""

import io
import json
from typing import Any

import pytest

from adapters.observability.access_log import AccessLog
from adapters.observability.log_lines import LogFormat
from tests.observability.records import call_record
from tests.observability.routing_scenes import HandClock


def line(log_format: LogFormat, **fields: Any) -> str:
    stream = io.StringIO()
    record = call_record()
    for name, value in fields.items():
        setattr(record, name, value)
    AccessLog(stream, HandClock(), log_format=log_format).call(record)
    return stream.getvalue()


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_single_try_is_not_worth_a_word(log_format: LogFormat) -> None:
    written = line(log_format, attempts=1)
    assert "attempts" not in written
    assert "fallback" not in written


def test_further_tries_are_told() -> None:
    assert " attempts=3" in line(LogFormat.CONSOLE, attempts=3, retries=2)
    assert "fallback" not in line(LogFormat.CONSOLE, attempts=3, retries=2)
    assert " attempts=3 fallback=gpt" in line(LogFormat.CONSOLE, attempts=3, retries=1, fallbacks=1)
    fields = json.loads(line(LogFormat.JSON, attempts=3, retries=1, fallbacks=1))
    assert (fields["attempts"], fields["fallback"]) == (3, "gpt")
