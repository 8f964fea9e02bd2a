"""The results of a batch on disk: a line for each request, written whole as soon as it is answered."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from adapters.persistence.data_folder import sync_folder
from adapters.persistence.delayed_sync import PAUSE_S, DelayedSync
from adapters.persistence.result_paths import ResultPaths
from domain.batch.line import BatchLine, LineOutcome

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
_MODE: Final = 0o666


class ResultFile:
    """Keeps results. A killed process loses none that was written; a power cut at most those of the last second.

    `render` gives a result as a line with its line feed; `sync` brings a file to the disk.
    """

    def __init__(
        self,
        paths: ResultPaths,
        render: Callable[[BatchLine, LineOutcome], bytes],
        *,
        sync: Callable[[int], None] = os.fsync,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Open the files, or make them. Raises OSError."""
        self._render = render
        self._sync = sync
        self._output = _Appended(paths.output)
        try:
            self._errors = self._output if paths.errors is None else _Appended(paths.errors)
            sync_folder(paths.output.parent)
        except OSError:
            self._output.close()
            raise
        self._disk = DelayedSync(self._sync_all, pause_s=pause_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        """Keep the result. Raises OSError where it, or one before, cannot be kept."""
        self.append(self._render(line, outcome), succeeded=outcome.error is None)

    def append(self, rendered: bytes, *, succeeded: bool) -> None:
        """Keep a result that is a line already. Raises OSError where it, or one before, cannot be kept."""
        (self._output if succeeded else self._errors).append(rendered)
        self._disk.want()

    def close(self) -> None:
        """Bring everything to the disk, which may take a while. Raises OSError where that failed."""
        try:
            self._disk.close()
        finally:
            for file in self._files():
                file.close()

    def _files(self) -> tuple["_Appended", ...]:
        return (self._output,) if self._errors is self._output else (self._output, self._errors)

    def _sync_all(self) -> None:
        for file in self._files():
            self._sync(file.handle)


class _Appended:
    """A file that grows by whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.handle = os.open(path, _FLAGS, _MODE)
        self._size_bytes = os.fstat(self.handle).st_size
        self._failure: OSError | None = None

    def append(self, line: bytes) -> None:
        """Raises OSError, from then on each time, where the line cannot be written as a whole."""
        if self._failure is not None:
            raise self._failure
        try:
            written = os.write(self.handle, line)
            while written < len(line):
                written += os.write(self.handle, line[written:])
        except OSError as failed:
            self._failure = OSError(failed.errno, failed.strerror, str(self._path))
            with contextlib.suppress(OSError):
                os.truncate(self.handle, self._size_bytes)
            raise self._failure from failed
        self._size_bytes += len(line)

    def close(self) -> None:
        os.close(self.handle)
