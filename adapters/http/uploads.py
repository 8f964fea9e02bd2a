"""Files that come in as forms: written to where they are kept as they arrive, never held whole."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from adapters.http.request_body import BODY_IDLE_S, silent
from application.ports.batch_store import Upload
from domain.errors import MalformedRequest, RequestTooLarge

_FORM_BYTES: Final = 64 * 1024
"""What a form may hold beside its file."""
_MAX_PARTS: Final = 32
_SLICE_BYTES: Final = 64 * 1024
_BUFFER_BYTES: Final = 1024 * 1024
_AROUND_BOUNDARY: Final = len(b"--\r\n")
"""What belongs to a boundary before or behind it, at most."""
_FORM: Final = "multipart/form-data"
_CURE: Final = "Send multipart/form-data with the parts purpose and file."


@dataclass(slots=True)
class Form:
    """What came beside the content of the file: its name, None where no file came, and the other parts."""

    file_name: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


def uploading(paths: Collection[str], max_upload_bytes: int) -> type[Request]:
    """A class of requests of which those to `paths` may be as large as an upload."""
    taking = frozenset(paths)

    class UploadingRequest(Request):
        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            if method == "POST" and path.rstrip("/") in taking:
                options["max_content_length"] = max_upload_bytes + _FORM_BYTES
            super().__init__(method, scheme, path, *rest, **options)

    return UploadingRequest


async def receive_form(
    request: Request, upload: Upload, *, max_upload_bytes: int, idle_s: float = BODY_IDLE_S
) -> Form:
    """The form that comes with `request`; the content of its file goes to `upload`.

    Raises RequestTooLarge, MalformedRequest where it is no form, is cut short, or stops arriving; OSError.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != _FORM or not boundary.isascii() or not boundary:
        raise MalformedRequest(f"expected a form with a file; the body has another content-type. {_CURE}")
    if (request.content_length or 0) > max_upload_bytes + _FORM_BYTES:
        raise _too_large(max_upload_bytes)
    reading = _FormReading(upload, boundary.encode(), max_upload_bytes)
    body = aiter(request.body)
    try:
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    data = await anext(body)
            except StopAsyncIteration:
                break
            for start in range(0, len(data), _SLICE_BYTES):
                reading.feed(data[start : start + _SLICE_BYTES])
    except TimeoutError:
        raise silent(idle_s) from None
    except RequestEntityTooLarge:
        raise _too_large(max_upload_bytes) from None
    return reading.end()


class _FormReading:
    """A form, as far as it came."""

    def __init__(self, upload: Upload, boundary: bytes, max_upload_bytes: int) -> None:
        self._upload = upload
        self._max_upload_bytes = max_upload_bytes
        self._boundary = b"--" + boundary
        self._held = b""
        self._decoder = MultipartDecoder(boundary, _BUFFER_BYTES, max_parts=_MAX_PARTS)
        self._form = Form()
        self._part: Field | File | None = None
        self._value = bytearray()
        self._is_whole = False

    def feed(self, data: bytes) -> None:
        """Read more.

        Werkzeug (3.1) takes half a line break for content where what it was given ends just behind a boundary, so
        that boundaries are given to it with what is before and behind them.
        """
        data, size = self._held + data, len(self._boundary)
        end = max(0, len(data) - size - _AROUND_BOUNDARY)
        boundary = data.rfind(self._boundary, max(0, end - size - _AROUND_BOUNDARY), end + size)
        if boundary >= 0:
            end = max(0, boundary - _AROUND_BOUNDARY)
        self._held = data[end:]
        self._decode(data[:end])

    def end(self) -> Form:
        """All that came. Raises MalformedRequest where something is missing."""
        self._decode(self._held)
        self._decode(None)
        if not self._is_whole:
            raise _broken()
        return self._form

    def _decode(self, data: bytes | None) -> None:
        try:
            self._decoder.receive_data(data)
            while not self._is_whole and not isinstance(event := self._decoder.next_event(), NeedData):
                self._heed(event)
        except RequestEntityTooLarge:
            raise MalformedRequest(
                f"expected at most {_MAX_PARTS} parts, with headers of at most {_BUFFER_BYTES} bytes; the form "
                f"has more. {_CURE}"
            ) from None
        except ValueError:
            raise _broken() from None

    def _heed(self, event: object) -> None:
        match event:
            case File():
                if event.name != "file" or self._form.file_name is not None:
                    raise MalformedRequest(
                        f"file: expected one file, in the part file; there is another. {_CURE}", param="file"
                    )
                self._form.file_name = event.filename
                self._part = event
            case Field(name=name):
                if not isinstance(name, str):  # werkzeug's types promise one, and its parser None for none
                    raise MalformedRequest(f"expected parts with names; there is one that has none. {_CURE}")
                self._part = event
                self._value.clear()
            case Data():
                self._take(event)
            case Epilogue():
                self._is_whole = True
            case _:  # the preamble, which says nothing
                pass

    def _take(self, event: Data) -> None:
        match self._part:
            case File():
                if self._upload.size_bytes + len(event.data) > self._max_upload_bytes:
                    raise _too_large(self._max_upload_bytes)
                self._upload.write(event.data)
            case Field(name=name):
                self._value += event.data
                if len(self._value) > _FORM_BYTES:
                    raise MalformedRequest(f"expected parts of at most {_FORM_BYTES} bytes beside the file")
                if not event.more_data:
                    self._form.fields[name] = self._value.decode("utf-8", "replace")
            case None:
                raise _broken()


def _too_large(max_upload_bytes: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"file: expected at most {max_upload_bytes} bytes; it has more. Split it, or have "
        "feathergate.limits.max_upload_mb raised.",
        param="file",
    )


def _broken() -> MalformedRequest:
    return MalformedRequest(f"expected a whole form; the body is none, or is cut short. {_CURE}")
