"""A candidate's parts → the items of a buffered answer."""

from typing import Final

from adapters.dialects.openai_responses import output_items as items
from adapters.dialects.openai_responses.finish import COMPLETED, INCOMPLETE
from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat.content import Image, Inline, OpaquePart, Part, Reasoning, Refusal, Text, ToolCall
from domain.chat.response import Candidate, Finish, FinishReason
from domain.json_types import JSON

_DECLINED: Final = "refusal"


def render_output(candidate: Candidate, naming: items.Naming) -> list[JSON]:
    """The items: one per thought and call, and one message for texts and refusals that follow one another."""
    output = _Output(naming)
    for part in candidate.parts:
        output.add(part)
    if candidate.finish.reason is FinishReason.CONTENT_FILTER:
        refused = any(isinstance(part, Refusal) for part in candidate.parts)
        words = words_of_refusal(candidate.finish, refused=refused)
        if words is not None:
            output.say(items.refusal(words))
    if candidate.logprobs and output.texts:
        output.texts[-1]["logprobs"] = [items.logprob(entry) for entry in candidate.logprobs]
    if output.items and items.is_cut_short(output.items[-1], candidate.finish, output.items):
        output.items[-1]["status"] = INCOMPLETE
    return output.items


def words_of_refusal(finish: Finish, *, refused: bool) -> str | None:
    """What the upstream says of the model's declining; None where the model itself (`refused`) said it."""
    declined = finish.reason is FinishReason.CONTENT_FILTER and finish.detail == _DECLINED
    return finish.explanation or None if declined and not refused else None


class _Output:
    """The items while parts are added."""

    def __init__(self, naming: items.Naming) -> None:
        self.items: list[JSON] = []
        self.texts: list[dict[str, JSON]] = []
        self._naming = naming
        self._said: list[JSON] | None = None

    def add(self, part: Part) -> None:
        """Append what `part` has a word for here; `answer_losses` names the rest."""
        match part:
            case Text():
                self._add_text(part)
            case Refusal(text=text):
                self.say(items.refusal(text))
            case Reasoning():
                self._append(items.reasoning(self._item_id(items.REASONING_PREFIX), part))
            case ToolCall():
                self._add_call(part)
            case Image(source=Inline() as picture):
                self._append(items.image(self._item_id(items.IMAGE_PREFIX), picture))
            case OpaquePart(family=family, raw=raw) if family == FAMILY:
                self._append(dict(raw))
            case _:
                pass

    def say(self, content: dict[str, JSON]) -> None:
        """More of the message that is being said, or the beginning of another."""
        if self._said is None:
            said: list[JSON] = []
            self._append(items.message(self._item_id(items.MESSAGE_PREFIX), said, COMPLETED))
            self._said = said
        self._said.append(content)

    def _add_text(self, text: Text) -> None:
        if text.text or text.citations:
            self.texts.append(items.output_text(text.text, text.citations))
            self.say(self.texts[-1])
        if text.signature is not None:
            self._append(items.carrier(self._item_id(items.REASONING_PREFIX), text.signature, "text"))

    def _add_call(self, call: ToolCall) -> None:
        if call.signature is not None:
            self._append(items.carrier(self._item_id(items.REASONING_PREFIX), call.signature, "call"))
        item_id = self._item_id(items.call_prefix(call.kind))
        self._append(items.call(item_id, call, self._naming, COMPLETED))

    def _append(self, item: dict[str, JSON]) -> None:
        self.items.append(item)
        self._said = None

    def _item_id(self, prefix: str) -> str:
        return self._naming.item_id(prefix, len(self.items))
