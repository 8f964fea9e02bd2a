"""`thoughtSignature`: Google's own as it came, another vendor's under seal.

The member is base64 in the API, and the official clients decode it and write it again in the URL-safe alphabet;
a seal is therefore put into base64 once more.
"""

import base64
import binascii

from adapters.dialects.gemini.members import Members
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.sealed import PREFIX_IN_BASE64, Bearer, Sealed, is_sealed, seal, unseal
from domain.chat.content import Opaque


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
