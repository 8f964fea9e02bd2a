"""The use cases about files that the gateway keeps: take one in, tell of them, read one, delete one."""

from collections.abc import Callable
from typing import BinaryIO, Final

from application.ports.batch_store import Cursor, FileInUse, FileStore, Page, Upload
from application.ports.clock import Clock
from domain.batch.job import KeptFile
from domain.errors import ErrorKind, FeatherGateError, MalformedRequest

INPUT: Final = "batch"
OUTPUT: Final = "batch_output"
HIDDEN_INPUT: Final = "message_batch"
HIDDEN_OUTPUT: Final = "message_batch_output"
"""Purposes of files; the hidden ones belong to batches that were sent without a file of their own."""

VISIBLE: Final = frozenset({INPUT, OUTPUT})
_MAX_NAME_CHARACTERS: Final = 255


class KeptFiles:
    """What can be asked of kept files. `draw_id` gives 32 random hexadecimal digits. All methods block.

    Methods raise OSError where the disk fails.
    """

    def __init__(self, store: FileStore, clock: Clock, draw_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._draw_id = draw_id

    def begin(self) -> tuple[str, Upload]:
        """A new file's id, and where its content goes until `keep` is called."""
        file_id = f"file-{self._draw_id()}"
        return file_id, self._store.begin(file_id)

    def keep(self, file_id: str, upload: Upload, *, name: str, purpose: str) -> KeptFile:
        """Keep what was uploaded until it is deleted."""
        file = KeptFile(
            id=file_id,
            purpose=purpose,
            name=name[-_MAX_NAME_CHARACTERS:],
            size_bytes=upload.size_bytes,
            created_unix_s=int(self._clock.unix_s()),
        )
        self._store.keep(upload, file)
        return file

    def get(self, file_id: str) -> KeptFile:
        """What is known of a file. Raises MalformedRequest where there is none."""
        file = self._store.get(file_id)
        if file is None or file.purpose not in VISIBLE:
            raise no_such_file(file_id)
        return file

    def open(self, file_id: str) -> BinaryIO:
        """The content of a file that is told of. Raises MalformedRequest where there is none."""
        return self.content(self.get(file_id).id)

    def content(self, file_id: str) -> BinaryIO:
        """The content of any file, also of a hidden one. Raises MalformedRequest where there is none."""
        try:
            return self._store.open(file_id)
        except FileNotFoundError:
            raise no_such_file(file_id) from None

    def page(self, cursor: Cursor, purpose: str | None) -> Page[KeptFile]:
        """Files, of one purpose or of all. Raises MalformedRequest where the cursor leads nowhere."""
        purposes = VISIBLE if purpose is None else VISIBLE & {purpose}
        try:
            return self._store.page(cursor, purposes)
        except LookupError:
            raise lost_cursor("after", cursor) from None

    def delete(self, file_id: str) -> None:
        """Forget a file. Raises MalformedRequest where there is none, or a batch still reads it."""
        self.get(file_id)
        try:
            if not self._store.delete(file_id):
                raise no_such_file(file_id)
        except FileInUse as used:
            raise MalformedRequest(
                f"expected a file that nothing reads; {file_id} is the input of {used.job_id}, which is not "
                "finished. Cancel the batch first, or wait for its end.",
                param="file_id",
                code="file_in_use",
            ) from None


def no_such_file(file_id: str, *, param: str = "file_id") -> FeatherGateError:
    """The refusal of an id that no file has; `param` is where it was named."""
    return MalformedRequest(
        f"No such File object: {file_id[:64]}", kind=ErrorKind.NOT_FOUND, code="file_not_found", param=param
    )


def lost_cursor(member: str, cursor: Cursor) -> FeatherGateError:
    """The refusal of a cursor that names an entry that is not there (any more)."""
    return MalformedRequest(
        f"{member}: expected the id of an entry of this list; {(cursor.after or '')[:64]} is none. Begin the list "
        "again.",
        param=member,
        code="invalid_cursor",
    )
