"""What a batch has cost so far, over all its runs, in a small file beside its results."""

import os
from functools import partial
from pathlib import Path
from typing import Final, Self

from adapters.persistence.delayed_sync import DelayedSync
from adapters.persistence.refusals import BatchFilesRefused

_WIDTH: Final = 32
"""Every amount is written as wide as any other, over the one before."""


def spent_path(output: Path) -> Path:
    """Where the amount stands: `<output>.spent`."""
    return output.with_name(output.name + ".spent")


class SpentFile:
    """Adds up US dollars; each addition outlives the process once it was made, and soon a power cut as well.

    It goes on from what was spent before, and there is no file before something is. Raises BatchFilesRefused where
    the file holds something else, OSError where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._usd = _amount(path)
        self._file: int | None = None
        self._disk: DelayedSync | None = None

    @property
    def usd(self) -> float:
        """What was spent in all."""
        return self._usd

    def add(self, usd: float) -> None:
        """So much more was spent."""
        if self._file is None or self._disk is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o666)
            self._disk = DelayedSync(partial(os.fsync, self._file))
        self._usd += usd
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, b"%*.9f\n" % (_WIDTH - 1, self._usd))
        self._disk.want()

    def close(self) -> None:
        """Have the amount on the disk, and no more to do with it."""
        if self._file is not None and self._disk is not None:
            file, disk, self._file, self._disk = self._file, self._disk, None, None
            try:
                disk.close()
            finally:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _amount(path: Path) -> float:
    try:
        text = path.read_bytes()
        usd = float(text) if text else 0.0  # a crash came before the first amount
    except FileNotFoundError:
        return 0.0
    except ValueError:
        usd = -1.0
    if not 0 <= usd < float("inf"):
        raise BatchFilesRefused(
            f"expected in {path} what the batch has cost so far, in US dollars; it says something else. "
            "Write the amount into it, or remove it to count from zero."
        )
    return usd
