"""What comes in a stream outside of events: the bare JSON body of an error, where the request was refused."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.gemini.errors import error_member, reported_error
from adapters.dialects.upstream_errors import excerpt
from domain.errors import MalformedResponse, UpstreamError

_MAX_STRAY_BYTES: Final = 64 * 1024


class StrayBody:
    """Keeps what comes before any event and is no comment."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept = b""

    def __bool__(self) -> bool:
        return bool(self._kept)

    def keep(self, raw: bytes) -> None:
        """Take the bytes of a frame without data."""
        if not raw.startswith(b":") and raw.strip() and len(self._kept) < _MAX_STRAY_BYTES:
            self._kept += raw

    def error(self) -> UpstreamError:
        """The error that these bytes are."""
        try:
            document = json_codec.decode(self._kept)
        except ValueError:
            document = None
        error = error_member(document)
        if error is not None:
            return reported_error(error)
        return MalformedResponse(f"expected server-sent events; got {excerpt(self._kept)}")
