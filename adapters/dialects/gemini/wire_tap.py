"""A glance at an answer that passes through: what was said is not looked at, only that something was."""

from typing import Any, Final

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.gemini.errors import error_member
from adapters.dialects.gemini.vocabulary import DECORATIONS
from domain.errors import MalformedResponse
from domain.json_types import JSON

_EMPTY: Final = frozenset({b"null", b'""', b"{}"})


class Content(msgspec.Struct):
    """What a candidate says."""

    parts: list[dict[str, msgspec.Raw]] | None = None


class Candidate(msgspec.Struct, rename="camel"):
    """One candidate of a chunk or a body."""

    index: int | None = None
    content: Content | None = None
    finish_reason: Any = None
    finish_message: Any = None

    @property
    def has_content(self) -> bool:
        """Whether it says anything."""
        return any(
            name not in DECORATIONS and bytes(value) not in _EMPTY
            for part in self._parts
            for name, value in part.items()
        )

    @property
    def calls(self) -> bool:
        """Whether it calls a function."""
        return any("functionCall" in part for part in self._parts)

    @property
    def _parts(self) -> list[dict[str, msgspec.Raw]]:
        return (self.content.parts if self.content is not None else None) or []


class Tap(msgspec.Struct, rename="camel"):
    """The members of a chunk or body that the gateway reads."""

    candidates: list[Candidate] | None = None
    prompt_feedback: dict[str, Any] | None = None
    usage_metadata: dict[str, Any] | None = None
    response_id: Any = None
    model_version: Any = None
    error: Any = None


_DECODER: Final = msgspec.json.Decoder(Tap)


def glance(data: bytes) -> Tap:
    """The members that matter of one JSON object. Raises MalformedResponse where it is not an answer's."""
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _glance_slowly(data)


def _glance_slowly(data: bytes) -> Tap:
    """As `glance`, for documents that hold lone surrogates, and for errors in a list of one."""
    try:
        document = json_codec.decode(data)
        if isinstance(document, list) and (error := error_member(document)):
            return Tap(error=error)
        return _DECODER.decode(json_codec.encode(_without_surrogates(document)))
    except (ValueError, RecursionError) as refused:
        raise MalformedResponse(f"expected an answer from the upstream; {str(refused)[:200]}.") from None


def _without_surrogates(value: JSON) -> JSON:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return value
