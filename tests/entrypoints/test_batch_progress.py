"""What is shown while a batch goes on."""

import io
import json

import pytest

from adapters.observability.log_lines import LogFormat
from domain.batch.line import LineOutcome
from domain.batch.tally import Tally
from domain.chat.usage import Usage
from domain.errors import UpstreamTimeout
from entrypoints.batch_progress import LINE_EVERY_S, BarProgress, LineProgress, beside_bars, reading
from tests.virtual_time import virtual_time


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def outcome(*, failed: bool = False) -> LineOutcome:
    return LineOutcome(
        status=504 if failed else 200,
        body=b"{}",
        request_id="r",
        error=UpstreamTimeout("it said nothing") if failed else None,
        usage=None if failed else Usage(prompt_tokens=100, completion_tokens=50),
        cost_usd=None if failed else 0.25,
        attempts=1,
        duration_s=2.0,
    )


def test_without_a_terminal_there_is_a_line_every_half_minute() -> None:
    loop, tally, stream = virtual_time(), Tally(), io.StringIO()
    progress = LineProgress(tally, total=40, earlier=10, clock=loop, stream=stream, log_format=LogFormat.JSON)

    async def watch() -> None:
        progress.start()

    loop.run(watch())
    for _ in range(6):
        tally.finished(outcome())
    tally.finished(outcome(failed=True))
    loop.pass_time(LINE_EVERY_S * 2.5)
    progress.stop()
    loop.pass_time(LINE_EVERY_S * 2)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"] == second["message"] == "17 of 40 done"
    assert (first["failed"], first["retried"], first["cost_usd"]) == (1, 0, 1.5)
    assert first["tokens_per_s"] == 30.0
    assert first["eta_s"] == pytest.approx(23 / (7 / 30), abs=1)
    assert second["tokens_per_s"] == 15.0


def test_nothing_done_yet_has_no_end_in_sight() -> None:
    stream = io.StringIO()
    clock = virtual_time()
    LineProgress(Tally(), total=4, earlier=0, clock=clock, stream=stream, log_format=LogFormat.CONSOLE).show()
    assert "batch 0 of 4 done failed=0" in stream.getvalue()
    assert "eta_s" not in stream.getvalue()


def test_on_a_terminal_a_bar_grows_and_lines_stand_above_it() -> None:
    stream, tally = Terminal(), Tally()
    bar = BarProgress(tally, total=4, earlier=1, clock=virtual_time(), stream=stream)
    for _ in range(2):
        tally.finished(outcome())
    bar.show()
    log = beside_bars(stream)
    log.write("a warning\n")
    log.flush()
    tally.finished(outcome(failed=True))
    bar.stop()
    pieces = stream.getvalue().split("\r")
    assert any(piece.endswith("a warning\n") and piece.strip() == "a warning" for piece in pieces)
    assert "4/4" in pieces[-1]
    assert "1 failed, 0 retried" in pieces[-1]
    assert "$0.5000" in pieces[-1]


def test_reading_is_shown_to_who_looks() -> None:
    with reading(io.StringIO()) as progress:
        assert progress is None
    stream = Terminal()
    with reading(stream) as progress:
        assert progress is not None
        progress(5_000_000)
    assert "5.00M" in stream.getvalue()
