"""Where parts of a request stand, in the names of an OpenAI chat request."""

from collections.abc import Iterator, Sequence

from domain.chat.content import Part, Reasoning, ToolCall, ToolResult
from domain.chat.request import Message


class Places:
    """The JSON pointers of parts and messages, by identity.

    Looked through once, and only where something is lost or refused: the way of a good request stays short.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._pointers: dict[int, str] | None = None

    def pointer(self, there: Part | Message) -> str:
        """The pointer to a part or message; to all messages where it is not the caller's."""
        if self._pointers is None:
            self._pointers = dict(self._all())
        return self._pointers.get(id(there), "/messages")

    def _all(self) -> Iterator[tuple[int, str]]:
        for index, message in enumerate(self._messages):
            yield id(message), f"/messages/{index}"
            calls = [one for one in message.parts if isinstance(one, ToolCall)]
            contents = [one for one in message.parts if not isinstance(one, (ToolCall, Reasoning))]
            for member, parts in (("tool_calls", calls), ("content", contents)):
                for place, part in enumerate(parts):
                    at = f"/messages/{index}/{member}/{place}"
                    yield id(part), at
                    if isinstance(part, ToolResult):
                        yield from ((id(inner), at) for inner in part.parts)
            yield from ((id(one), f"/messages/{index}") for one in message.parts if isinstance(one, Reasoning))
