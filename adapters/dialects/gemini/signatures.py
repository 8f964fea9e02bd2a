"""`thoughtSignature`: Google's own as it came, another vendor's under seal.

The member is base64 in the API, and the official clients decode it and write it again in the URL-safe alphabet;
a seal is therefore put into base64 once more.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.members import Members
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.sealed import PREFIX_IN_BASE64, Bearer, Sealed, is_sealed, seal, unseal
from domain.chat.content import Opaque
from domain.json_types import JSON

_DUMMY: Final = "skip_thought_signature_validator"
"""What Google documents for calls that another model made (ai.google.dev/gemini-api/docs/thought-signatures,
FAQ, 2026-11)."""


def render_signature(signature: Opaque, bearer: Bearer, *, redacted: bool = False) -> str:
    """The signature for a client, who gives it back with the part it stands on."""
    if signature.family == FAMILY:
        return signature.value
    return base64.b64encode(seal(Sealed(signature, bearer, redacted)).encode()).decode()


def take_signature(part: Members) -> Sealed:
    """What a part's `thoughtSignature` holds, opened where it was sealed; nothing where there is none."""
    value = part.take_text("thoughtSignature")
    if not value:
        return Sealed(None)
    if value.startswith(PREFIX_IN_BASE64):
        standard = value.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            opened = base64.b64decode(standard + "=" * (-len(standard) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            opened = ""
        if is_sealed(opened):
            return unseal(opened)
    return Sealed(Opaque(family=FAMILY, value=value))


def sign_current_turn(contents: Sequence[JSON], losses: Losses) -> None:
    """Give the first call of each step since the user last spoke a signature, the documented dummy.

    `contents` are as they will be sent. Gemini 3 refuses a step whose first call has none; earlier turns and
    parallel siblings are not checked.
    """
    for parts in _current_steps(contents):
        first = next((part for part in parts if "functionCall" in part), None)
        if first is not None and "thoughtSignature" not in first:
            first["thoughtSignature"] = _DUMMY
            losses.hint("unsigned_tool_call", "/messages", "the model's own signature was not returned")


def _current_steps(contents: Sequence[JSON]) -> Iterator[JSON]:
    """The parts of each content of the model since the user last said something, last first."""
    for content in reversed(contents):
        parts = content.get("parts", ())
        if content["role"] == "model":
            yield parts
        elif not any("functionResponse" in part for part in parts):
            return
