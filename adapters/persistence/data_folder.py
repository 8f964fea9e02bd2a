"""The directory in which the gateway keeps files and batches, and what lies where in it."""

import os
import re
import shutil
from pathlib import Path
from typing import Final

_ID: Final = re.compile(r"[a-z]{1,16}[-_][0-9a-f]{32}", re.ASCII)
_PRIVATE: Final = 0o700


class DataFolder:
    """Places below one directory. Only ids of the gateway's own making become names of files.

    Every place may be asked for before it is there; `make` makes them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "batches.sqlite"
        self.lock = root / "leader.lock"
        self._files = root / "files"
        self._uploads = root / "uploads"
        self._work = root / "work"

    def make(self) -> None:
        """Make the directories, for this user alone. Raises OSError."""
        for folder in (self.root, self._files, self._uploads, self._work):
            folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)

    def file(self, file_id: str) -> Path:
        """Where the content of a file is. Raises FileNotFoundError where that can be no file's id."""
        return self._files / _checked(file_id)

    def upload(self, file_id: str) -> Path:
        """Where a file is while it comes in."""
        return self._uploads / _checked(file_id)

    def work(self, job_id: str) -> Path:
        """Where a batch is worked on."""
        return self._work / _checked(job_id)

    def clear_work(self, job_id: str) -> None:
        """Forget where a batch was worked on."""
        shutil.rmtree(self.work(job_id), ignore_errors=True)

    def contents(self) -> tuple[Path, ...]:
        """Every file's content, also of those that come in, or that nobody brings in any more."""
        return (*self._files.iterdir(), *self._uploads.iterdir())

    def works(self) -> tuple[Path, ...]:
        """Where batches are, or were, worked on."""
        return tuple(self._work.iterdir())


def is_id(text: str) -> bool:
    """Whether `text` has the form of the ids that are given here."""
    return _ID.fullmatch(text) is not None


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path`, by device and number; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` outlast a power cut, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checked(text: str) -> str:
    if not is_id(text):
        raise FileNotFoundError(f"expected an id such as file-<32 digits>; got {text[:64]!r}")
    return text
