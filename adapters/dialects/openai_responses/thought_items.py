"""Reasoning items → thoughts, or the signatures that the gateway sealed into them."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.dialects.openai_responses.members import Members
from adapters.dialects.openai_responses.vocabulary import OPENAI
from adapters.dialects.sealed import Sealed, is_sealed, unseal
from domain.chat.content import Opaque, Reasoning
from domain.json_types import JSON

JOINT: Final = "\n\n"
"""What stands between the parts of a summary, of which the canonical form makes one text."""

_KINDS: Final = MappingProxyType({"summary": "summary_text", "content": "reasoning_text"})


@dataclass(frozen=True, slots=True)
class Thought:
    """What a reasoning item holds: what was thought, or (`carried`) a signature of the call or text beside it."""

    reasoning: Reasoning | None
    carried: Sealed | None = None


def parse_thought(item: Members) -> Thought:
    """A reasoning item whose `type` was taken.

    `summary` and `content` are left over where the one text that is made of them does not tell them exactly.
    """
    encrypted = item.take_text("encrypted_content")
    summary, summed_up = _take_texts(item, "summary")
    content, thought = _take_texts(item, "content")
    sealed = unseal(encrypted) if encrypted is not None and is_sealed(encrypted) else None
    carried = sealed if sealed is not None and sealed.bearer != "reasoning" else None
    if carried is not None and not summary and not content:
        return Thought(None, carried)
    is_raw = bool(thought) and not summed_up
    text = JOINT.join(thought if is_raw else summed_up)
    _keep_unless_plain(item, "summary", summary, text="" if is_raw else text)
    _keep_unless_plain(item, "content", content, text=text if is_raw else "")
    signature = None if encrypted is None else Opaque(family=OPENAI, value=encrypted)
    if sealed is not None:
        signature = None if carried is not None else sealed.signature
        item.take("id")  # the gateway's own, which no vendor knows
    reasoning = Reasoning(
        text=text,
        form="raw" if is_raw else "summary",
        signature=signature,
        redacted=sealed is not None and sealed.redacted,
        ext=item.leftovers(),
    )
    return Thought(reasoning, carried)


def _take_texts(item: Members, name: str) -> tuple[list[JSON], list[str]]:
    """The list `name` as it is, and the texts in it."""
    whole = item.take_list(name)
    path = item.at(name)
    return whole, [Members(part, f"{path}[{index}]").need_text("text") for index, part in enumerate(whole)]


def _keep_unless_plain(item: Members, name: str, whole: list[JSON], *, text: str) -> None:
    """Leave the list over where it is not just `text`."""
    if whole and whole != ([{"type": _KINDS[name], "text": text}] if text else []):
        item.keep(name, whole)
