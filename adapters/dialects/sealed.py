"""Signatures carried through a dialect that is not their vendor's: sealed, recognised on the way back, opened.

Clients send an answer's reasoning back with the next request. Where their dialect has a place for an opaque value
(`encrypted_content`, `signature`) the gateway puts another vendor's signature there, under its own prefix, so that
nothing has to be stored and no vendor is ever sent another's signature.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final, Literal

from adapters.dialects import json_codec
from domain.chat.content import Opaque

PREFIX: Final = "fg1."
PREFIX_IN_BASE64: Final = "ZmcxL"
"""The prefix where a wire wants base64, as far as it does not depend on what follows."""

Bearer = Literal["reasoning", "call", "text"]
"""What the value signs: the reasoning it travels with, the tool call after it, or the text before it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An opened seal; `signature` is None for a seal that only fills a place that must not be empty."""

    signature: Opaque | None
    bearer: Bearer = "reasoning"
    redacted: bool = False


def seal(sealed: Sealed) -> str:
    """`fg1.<family>.<base64url of JSON>`: no character that any of the wires would have to escape."""
    signature = sealed.signature
    family = "none" if signature is None else signature.family
    content = {
        "value": None if signature is None else signature.value,
        "model": None if signature is None else signature.model,
        "bearer": sealed.bearer,
        "redacted": sealed.redacted,
    }
    said = {name: value for name, value in content.items() if value}
    return f"{PREFIX}{family}.{base64.urlsafe_b64encode(json_codec.encode(said)).decode().rstrip('=')}"


def is_sealed(value: str) -> bool:
    """Whether `value` is the gateway's own, and of no use to any vendor."""
    return value.startswith(PREFIX)


def unseal(value: str) -> Sealed:
    """What `seal` was given. A seal that was damaged on the way carries nothing any more."""
    family, _, encoded = value.removeprefix(PREFIX).partition(".")
    try:
        content = json_codec.decode(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, binascii.Error):
        content = None
    if not isinstance(content, dict):
        return Sealed(None)
    signed, model, bearer = content.get("value"), content.get("model"), content.get("bearer")
    signature = (
        Opaque(family=family, value=signed, model=model if isinstance(model, str) else None)
        if isinstance(signed, str)
        else None
    )
    return Sealed(
        signature,
        bearer=bearer if bearer in ("reasoning", "call", "text") else "reasoning",
        redacted=content.get("redacted") is True,
    )
