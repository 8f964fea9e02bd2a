"""What a batch has cost so far, over all its runs, in a small file beside its results."""

import os
from pathlib import Path
from typing import Final, Self

from adapters.persistence.refusals import BatchFilesRefused

_WIDTH: Final = 32
"""Every amount is written as wide as any other, over the one before."""


def spent_path(output: Path) -> Path:
    """Where the amount stands: `<output>.spent`."""
    return output.with_name(output.name + ".spent")


class SpentFile:
    """Adds up US dollars; each addition is one system call, and outlives the process once it was made.

    It goes on from what was spent before, and there is no file before something is. Raises BatchFilesRefused where
    the file holds something else, OSError where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._usd = _amount(path)
        self._file: int | None = None

    @property
    def usd(self) -> float:
        """What was spent in all."""
        return self._usd

    def add(self, usd: float) -> None:
        """So much more was spent."""
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o666)
        self._usd += usd
        os.pwrite(self._file, b"%*.9f\n" % (_WIDTH - 1, self._usd), 0)

    def close(self) -> None:
        """Have the amount on the disk, and no more to do with it."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _amount(path: Path) -> float:
    try:
        usd = float(path.read_bytes())
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
