"""Brings what was written to the disk, in a thread of its own."""

import threading
from collections.abc import Callable
from typing import Final

PAUSE_S: Final = 1.0


class DelayedSync:
    """Calls `sync` soon after `want`, at most once in `pause_s`, and for the last time when it is closed."""

    def __init__(self, sync: Callable[[], None], *, pause_s: float = PAUSE_S) -> None:
        self._sync = sync
        self._pause_s = pause_s
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="batch-results-sync", daemon=True)
        self._thread.start()

    def want(self) -> None:
        """Have all that was written until now on the disk soon. Raises the OSError of an earlier sync."""
        if self._failure is not None:
            raise self._failure
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """Sync once more. Raises the OSError of this or an earlier sync."""
        self._closed.set()
        self._wanted.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while self._failure is None:
            self._wanted.wait()
            closed = self._closed.is_set()
            self._wanted.clear()
            try:
                self._sync()
            except OSError as failed:
                self._failure = failed
            if closed:
                return
            self._closed.wait(self._pause_s)
