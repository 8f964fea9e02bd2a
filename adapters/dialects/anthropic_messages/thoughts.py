"""Thinking blocks of requests and answers: Anthropic's as they are, other vendors' thoughts under seal.

An answer's block must have a signature. Where the thought is not Anthropic's it is a seal, which holds what the
thought's own vendor wants back, or nothing; a block may also carry nothing but the signature of the call after it
or of the text before it.
"""

from dataclasses import dataclass
from typing import Final

from adapters.dialects.anthropic_messages.members import Members
from adapters.dialects.anthropic_messages.vocabulary import FAMILY, Block
from adapters.dialects.sealed import Bearer, Sealed, is_sealed, seal, unseal
from domain.chat.content import Opaque, Reasoning

THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
"""The types of blocks that hold thoughts."""


@dataclass(frozen=True, slots=True)
class Thought:
    """A thinking block read: its reasoning, and what the signature in it signs."""

    reasoning: Reasoning
    bearer: Bearer = "reasoning"


def parse_thought(kind: str, block: Block, path: str) -> Thought:
    """A thinking block of a request. Raises MalformedRequest with the path of what is wrong."""
    members = Members(block, path)
    members.take("type")
    redacted = kind == "redacted_thinking"
    text = "" if redacted else members.need_text("thinking")
    signature = members.need_text("data") if redacted else members.take_text("signature") or ""
    ext = members.leftovers()
    if is_sealed(signature):
        opened = unseal(signature)
        thought = Reasoning(text=text, signature=opened.signature, redacted=opened.redacted, ext=ext)
        return Thought(thought, opened.bearer)
    signed = Opaque(family=FAMILY, value=signature) if signature else None
    return Thought(Reasoning(text=text, signature=signed, redacted=redacted, ext=ext))


def is_own(signature: Opaque | None) -> bool:
    """Whether Anthropic made the signature."""
    return signature is not None and signature.family == FAMILY


def signed_block(thought: Reasoning, signature: str) -> Block:
    """The block of a thought."""
    if thought.redacted:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}


def sealed_signature(signature: Opaque | None, *, redacted: bool = False) -> str:
    """What stands for the signature where a thought is not Anthropic's."""
    return seal(Sealed(signature, redacted=redacted))


def carrier(signature: Opaque, bearer: Bearer) -> Block:
    """The thinking block of an answer that carries the signature of a call or a text."""
    return {"type": "thinking", "thinking": "", "signature": seal(Sealed(signature, bearer))}
