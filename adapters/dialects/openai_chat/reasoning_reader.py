"""Thoughts in the deltas of one choice, however often the same words are told."""

from collections.abc import Iterator

from adapters.dialects.openai_chat.reasoning import ANTHROPIC, JOINT, parse_detail
from domain.chat.content import Opaque, Reasoning
from domain.chat.events import ReasoningDelta, ReasoningSigned, StreamEvent
from domain.json_types import JSON
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoughtDelta:
    """More of a thought. `fresh`: it begins another thought than the one before."""

    text: str = ""
    signature: Opaque | None = None
    redacted: bool = False
    fresh: bool = False


class ReasoningReader:
    """Reads `reasoning_content` or `reasoning`, and the blocks or details that tell the same with signatures.

    LiteLLM and OpenRouter repeat the plain text of each delta in an entry, FeatherGate sends a whole thought
    once more with its signature when it is complete; neither may be taken for new text.
    """

    def __init__(self, index: int) -> None:
        self._index = index
        self._told: list[str] = []
        self._earlier = False

    def read(self, delta: dict[str, JSON]) -> list[ThoughtDelta]:
        """What `delta` adds."""
        plain = delta.get("reasoning_content") or delta.get("reasoning")
        plain = plain if isinstance(plain, str) else ""
        thoughts = _thoughts(delta)
        if not thoughts:
            return [ThoughtDelta(text=plain)] if plain else []
        texts = [thought.text for thought in thoughts if thought.text]
        if plain and plain not in {"".join(texts), JOINT.join(texts)}:
            signed = [ThoughtDelta(signature=each.signature, redacted=each.redacted) for each in thoughts]
            return [ThoughtDelta(text=plain), *(thought for thought in signed if thought.signature is not None)]
        return [
            ThoughtDelta(
                text="" if not plain and position == 0 and self._has_told(thought) else thought.text,
                signature=thought.signature,
                redacted=thought.redacted,
                fresh=position > 0 or thought.redacted,
            )
            for position, thought in enumerate(thoughts)
        ]

    def events(self, block: int, thought: ThoughtDelta) -> Iterator[StreamEvent]:
        """The events of `thought` in its open block."""
        text = thought.text.removeprefix(JOINT) if self._earlier and not self._told else thought.text
        if text:
            self._told.append(text)
            yield ReasoningDelta(block, text, candidate=self._index)
        if thought.signature is not None:
            yield ReasoningSigned(block, thought.signature, thought.redacted, self._index)

    def close(self) -> None:
        """The open thought is complete."""
        self._told, self._earlier = [], True

    def _has_told(self, thought: Reasoning) -> bool:
        """Whether `thought` is the open one, told once more whole with its signature.

        Without a signature it is more of the thought, also where the same word comes twice.
        """
        return thought.signature is not None and "".join(self._told).endswith(thought.text)


def _thoughts(delta: dict[str, JSON]) -> list[Reasoning]:
    blocks, details = delta.get("thinking_blocks"), delta.get("reasoning_details")
    if isinstance(blocks, list) and blocks:
        return [_block(block) for block in blocks if isinstance(block, dict)]
    if not isinstance(details, list):
        return []
    parsed = (parse_detail(detail) for detail in details if isinstance(detail, dict))
    return [thought for thought in parsed if thought is not None]


def _block(block: dict[str, JSON]) -> Reasoning:
    data, text, signature = block.get("data"), block.get("thinking"), block.get("signature")
    if isinstance(data, str) and data:
        return Reasoning(text="", signature=Opaque(family=ANTHROPIC, value=data), redacted=True)
    signed = isinstance(signature, str) and signature
    return Reasoning(
        text=text if isinstance(text, str) else "",
        signature=Opaque(family=ANTHROPIC, value=signature) if signed and isinstance(signature, str) else None,
    )
