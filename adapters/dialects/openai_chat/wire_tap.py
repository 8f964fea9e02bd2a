"""A glance at an answer that passes through: what was said is not looked at, only that something was."""

from typing import Any, Final

import msgspec

from adapters.dialects import json_codec
from domain.errors import MalformedResponse


class Choice(msgspec.Struct):
    """One choice of a chunk or a body; `text` in those of the older Completions, which are else alike."""

    index: int = 0
    finish_reason: Any = None
    text: Any = None
    delta: dict[str, msgspec.Raw] | None = None
    message: dict[str, msgspec.Raw] | None = None

    @property
    def has_content(self) -> bool:
        """Whether it says anything beside whose turn it is."""
        if self.text:
            return True
        for name, value in (self.delta or self.message or _NOTHING_SAID).items():
            if name not in _SILENT and bytes(value) not in _EMPTY:
                return True
        return False


class Tap(msgspec.Struct):
    """The members of a chunk or body that the gateway reads."""

    id: Any = None
    created: Any = None
    model: Any = None
    choices: list[Choice] | None = None
    usage: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Any = None


_DECODER: Final = msgspec.json.Decoder(Tap)
_NOTHING_SAID: Final[dict[str, msgspec.Raw]] = {}
_SILENT: Final = frozenset({"role"})
_EMPTY: Final = frozenset({b"null", b'""', b"[]", b"{}"})


def glance(data: bytes) -> Tap:
    """The members that matter of one JSON object.

    Raises MalformedResponse where it is not JSON or its choices are not what choices are.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _glance_slowly(data)


def _glance_slowly(data: bytes) -> Tap:
    """As `glance`, for documents that hold lone surrogates."""
    try:
        return _DECODER.decode(json_codec.encode(_without_surrogates(json_codec.decode(data))))
    except (ValueError, RecursionError) as refused:
        raise MalformedResponse(f"expected a chat completion from the upstream; {str(refused)[:200]}.") from None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return value
