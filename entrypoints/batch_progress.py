"""How a batch goes on, while it does: a bar on a terminal, else a line every half minute."""

import asyncio
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from adapters.observability.log_lines import LogFormat, LogValue, render_line, utc_time
from application.ports.clock import Clock
from domain.batch.tally import Tally
from entrypoints.batch_telling import tell

if TYPE_CHECKING:
    from tqdm import tqdm

BAR_EVERY_S: Final = 0.2
LINE_EVERY_S: Final = 30.0

_COST_DECIMALS: Final = 6


class Progress(ABC):
    """Shows what `tally` counts, every so often from `start` to `stop`.

    total: how many lines there are in all; earlier: how many of them were done by earlier runs.
    """

    every_s: float

    def __init__(self, tally: Tally, *, total: int, earlier: int, clock: Clock) -> None:
        self._tally = tally
        self._total = total
        self._earlier = earlier
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._tick: asyncio.TimerHandle | None = None

    @property
    def done(self) -> int:
        """Lines that have their result, of this run or an earlier one."""
        return self._earlier + self._tally.finished_lines

    @property
    def tokens_per_s(self) -> float:
        """Prompt and completion tokens together, on the average of this run."""
        return self._tally.tokens / max(self._elapsed_s, 1e-3)

    def start(self) -> None:
        """Show it from now on."""
        self._tick = asyncio.get_running_loop().call_later(self.every_s, self._show_and_go_on)

    def stop(self) -> None:
        """Show it no more."""
        if self._tick is not None:
            self._tick.cancel()

    @abstractmethod
    def show(self) -> None:
        """Say how things stand."""

    @property
    def _elapsed_s(self) -> float:
        return self._clock.monotonic_s() - self._began_s

    def _show_and_go_on(self) -> None:
        self.start()
        self.show()


class LineProgress(Progress):
    """One line of the log, every half minute."""

    every_s = LINE_EVERY_S

    def __init__(
        self, tally: Tally, *, total: int, earlier: int, clock: Clock, stream: TextIO, log_format: LogFormat
    ) -> None:
        super().__init__(tally, total=total, earlier=earlier, clock=clock)
        self._stream = stream
        self._format = log_format

    def show(self) -> None:
        tally, elapsed_s = self._tally, self._elapsed_s
        rate = tally.finished_lines / max(elapsed_s, 1e-3)
        fields: dict[str, LogValue] = {
            "time": utc_time(self._clock.unix_s()),
            "level": "info",
            "logger": "batch",
            "message": f"{self.done} of {self._total} done",
            "failed": tally.failed,
            "retried": tally.retried,
            "requests_per_s": round(rate, 1),
            "tokens_per_s": round(self.tokens_per_s, 1),
            "cost_usd": round(tally.cost_usd, _COST_DECIMALS),
            "eta_s": round((self._total - self.done) / rate) if rate else None,
        }
        tell(self._stream, render_line(fields, self._format) + "\n")


class BarProgress(Progress):
    """A bar that grows."""

    every_s = BAR_EVERY_S

    def __init__(self, tally: Tally, *, total: int, earlier: int, clock: Clock, stream: TextIO) -> None:
        super().__init__(tally, total=total, earlier=earlier, clock=clock)
        self._bar = _bar(stream, total=total, initial=earlier, unit="req")

    def show(self) -> None:
        tally = self._tally
        outcomes = f"{tally.failed} failed, {tally.retried} retried"
        amounts = f"{self.tokens_per_s:,.0f} tok/s, ${tally.cost_usd:.4f}"
        self._bar.set_postfix_str(f"{outcomes}, {amounts}", refresh=False)
        self._bar.update(self.done - self._bar.n)

    def stop(self) -> None:
        super().stop()
        self.show()
        self._bar.close()


def beside_bars(stream: TextIO) -> TextIO:
    """A stream of whole lines that go above the bar which stands on the same terminal, where there is one."""
    return cast("TextIO", _BesideBars(stream))


class _BesideBars(io.TextIOBase):
    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        from tqdm import tqdm  # noqa: PLC0415 - see `_bar`

        self._write = tqdm.write
        self._stream = stream

    def write(self, text: str) -> int:
        self._write(text, file=self._stream, end="")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()


@contextmanager
def reading(stream: TextIO) -> Iterator[Callable[[int], object] | None]:
    """What to tell how many bytes of the input were read; None where nobody would see it."""
    if not stream.isatty():
        yield None
        return
    with _bar(stream, desc="reading", unit="B", unit_scale=True, leave=False) as bar:
        yield lambda read: bar.update(read - bar.n)


def _bar(stream: TextIO, **settings: Any) -> "tqdm[None]":
    """A bar that is drawn whenever it is told something, by this thread alone."""
    from tqdm import tqdm  # noqa: PLC0415 - only terminals need it

    tqdm.monitor_interval = 0
    return tqdm(file=stream, dynamic_ncols=True, mininterval=0, miniters=0, **settings)
