"""Which process works on batches."""

import sqlite3
import threading

from adapters.persistence.data_folder import DataFolder, identity
from adapters.persistence.database import as_os_errors


class LeaderLock:
    """An exclusive lock on a file of the data directory; it ends with its process, however that ends.

    Who holds it on a file that is not there any more holds nothing: others would lock the one that is there.

    The lock is that of an empty SQLite database: the same call locks a file on every system.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._held: sqlite3.Connection | None = None
        self._locked_file: tuple[int, int] | None = None

    def take(self) -> bool:
        """Whether this process holds the lock, from now on if nobody else does. Raises OSError."""
        with self._guard:
            if self._held is not None and self._locked_file == identity(self._folder.lock):
                return True
            self._release()
            self._folder.make()
            with as_os_errors(self._folder.lock):
                self._held = self._locked()
            self._locked_file = identity(self._folder.lock)
            return self._held is not None

    def leave(self) -> None:
        """Let another process have it."""
        with self._guard:
            self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _locked(self) -> sqlite3.Connection | None:
        connection = sqlite3.connect(self._folder.lock, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as refused:
            connection.close()
            if refused.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                return None
            raise
        return connection
