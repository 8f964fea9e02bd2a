"""Where messages and their parts stand, in the names of an OpenAI chat request: how losses point to them.

A message's calls are counted under `tool_calls`, its thoughts under `reasoning_content` (which in the format is
one string), everything else under `content`. What a result shows stands under the result's own `content`.
"""

from collections.abc import Iterator, Sequence

from domain.chat.content import Part, Reasoning, ToolCall, ToolResult
from domain.chat.request import Message


class Places:
    """The JSON pointers of messages and parts, by identity.

    Looked through once, and only where something is lost or refused: the way of a good request stays short.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._pointers: dict[int, str] | None = None

    def pointer(self, there: Message | Part) -> str:
        """The pointer to a message or part; to all messages where it is not the caller's."""
        if self._pointers is None:
            self._pointers = dict(self._all())
        return self._pointers.get(id(there), "/messages")

    def _all(self) -> Iterator[tuple[int, str]]:
        for index, message in enumerate(self._messages):
            at = f"/messages/{index}"
            yield id(message), at
            counts = {"content": 0, "tool_calls": 0, "reasoning_content": 0}
            for part in message.parts:
                member = member_of(part)
                here = f"{at}/{member}/{counts[member]}"
                counts[member] += 1
                yield id(part), here
                for inner, shown in enumerate(part.parts if isinstance(part, ToolResult) else ()):
                    yield id(shown), f"{here}/content/{inner}"


def member_of(part: Part) -> str:
    """The member of its message that a part is counted under."""
    match part:
        case ToolCall():
            return "tool_calls"
        case Reasoning():
            return "reasoning_content"
        case _:
            return "content"


def parts_within(message: Message) -> Iterator[Part]:
    """The parts of a message, each result before what it shows."""
    for part in message.parts:
        yield part
        if isinstance(part, ToolResult):
            yield from part.parts
