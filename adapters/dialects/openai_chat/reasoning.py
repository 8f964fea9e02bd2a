"""Thoughts on the wire: `reasoning_content`, litellm's `thinking_blocks`, OpenRouter's `reasoning_details`.

Sources: DeepSeek and vLLM API references, docs.litellm.ai/docs/reasoning_content and
openrouter.ai/docs/use-cases/reasoning-tokens, all of 2026-11.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.openai_chat.members import Members, not_one_of
from domain.chat.content import Family, Opaque, Part, Reasoning
from domain.json_types import JSON

ANTHROPIC: Final = "anthropic"
JOINT: Final = "\n\n"
"""What stands between two thoughts in `reasoning_content`, which holds only one string."""

_FAMILY_BY_FORMAT: Final[Mapping[str, Family]] = MappingProxyType(
    {"anthropic-claude-v1": ANTHROPIC, "google-gemini-v1": "google", "openai-responses-v1": "openai"}
)
_FORMAT_BY_FAMILY: Final = MappingProxyType({family: name for name, family in _FAMILY_BY_FORMAT.items()})
_UNNAMED: Final = "unknown"


def parse_history(message: Members) -> tuple[Part, ...]:
    """An assistant message's thoughts. `thinking_blocks` go before `reasoning_details` before the plain text."""
    blocks = tuple(parse_thinking_part(_typed(block)) for block in message.take_objects("thinking_blocks"))
    details = tuple(
        thought
        for detail in message.take_objects("reasoning_details")
        if (thought := parse_detail(detail.left())) is not None
    )
    plain = message.take_text("reasoning_content")
    plain = message.take_text("reasoning") or plain
    return blocks or details or ((Reasoning(text=plain),) if plain else ())


def _typed(block: Members) -> Members:
    kind = block.take("type")
    if kind not in ("thinking", "redacted_thinking"):
        raise not_one_of(block.at("type"), ("thinking", "redacted_thinking"), kind)
    return block


def parse_thinking_part(block: Members) -> Reasoning:
    """A `thinking` or `redacted_thinking` block whose `type` was taken; signed by Anthropic."""
    data = block.take_text("data")
    if data is not None:
        return Reasoning(text="", signature=Opaque(family=ANTHROPIC, value=data), redacted=True)
    text, signature = block.take_text("thinking") or "", block.take_text("signature")
    return Reasoning(text=text, signature=Opaque(family=ANTHROPIC, value=signature) if signature else None)


def parse_detail(detail: Mapping[str, JSON]) -> Reasoning | None:
    """One entry of `reasoning_details`, or None where it says nothing."""
    text = detail.get("text") or detail.get("summary")
    text = text if isinstance(text, str) else ""
    encrypted, signature = detail.get("data"), detail.get("signature")
    family = detail_family(detail)
    if isinstance(encrypted, str) and encrypted:
        return Reasoning(text=text, signature=Opaque(family=family, value=encrypted), redacted=not text)
    if isinstance(signature, str) and signature:
        return Reasoning(text=text, signature=Opaque(family=family, value=signature))
    return Reasoning(text=text) if text else None


def detail_family(detail: Mapping[str, JSON]) -> Family:
    """Who signed an entry of `reasoning_details`."""
    name = detail.get("format")
    return _FAMILY_BY_FORMAT.get(name, name) if isinstance(name, str) and name else _UNNAMED


def render_reasoning(thoughts: Iterable[Reasoning]) -> dict[str, JSON]:
    """A message's members for `thoughts`: their text as one string, and the signed ones whole beside it."""
    kept = tuple(thoughts)
    members: dict[str, JSON] = {}
    text = JOINT.join(thought.text for thought in kept if thought.text)
    if text:
        members["reasoning_content"] = text
    if any(_signed_by_anthropic(thought) for thought in kept):
        members["thinking_blocks"] = [
            thinking_block(thought)
            for thought in kept
            if _signed_by_anthropic(thought) or thought.signature is None
        ]
    foreign = [thought for thought in kept if not _signed_by_anthropic(thought)]
    if any(thought.signature is not None for thought in foreign):
        members["reasoning_details"] = [reasoning_detail(thought) for thought in foreign]
    return members


def thinking_block(thought: Reasoning) -> dict[str, JSON]:
    """A thought as litellm's block; an unsigned one stands beside signed ones without a signature."""
    signature = thought.signature.value if thought.signature is not None else ""
    if thought.redacted:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}


def reasoning_detail(thought: Reasoning) -> dict[str, JSON]:
    """A thought that Anthropic did not sign, as OpenRouter's entry."""
    signature = thought.signature
    if signature is None:
        return {"type": "reasoning.text", "text": thought.text}
    named = {"format": _FORMAT_BY_FAMILY.get(signature.family, signature.family)}
    if thought.redacted:
        return {"type": "reasoning.encrypted", "data": signature.value, **named}
    return {"type": "reasoning.text", "text": thought.text, "signature": signature.value, **named}


def signed_entry(thought: Reasoning) -> tuple[str, list[JSON]]:
    """The message member, and its one entry, that carry the signature of one signed thought."""
    if _signed_by_anthropic(thought):
        return "thinking_blocks", [thinking_block(thought)]
    return "reasoning_details", [reasoning_detail(thought)]


def _signed_by_anthropic(thought: Reasoning) -> bool:
    return thought.signature is not None and thought.signature.family == ANTHROPIC
