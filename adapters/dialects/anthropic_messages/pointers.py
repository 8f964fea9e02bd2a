"""Where the parts of a conversation stand, in the names of an OpenAI chat request."""

from collections.abc import Iterator, Sequence

from domain.chat.content import Reasoning, ToolCall, ToolResult
from domain.chat.request import Message


class Places:
    """Where parts, by identity, stand in `messages`.

    Looked through once, and only where something is lost or refused: the way of a good request stays short.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._pointers: dict[int, str] | None = None

    def pointer(self, part: object) -> str:
        """The JSON pointer to `part`; to all messages where it is not the caller's."""
        if self._pointers is None:
            self._pointers = dict(self._all())
        return self._pointers.get(id(part), "/messages")

    def _all(self) -> Iterator[tuple[int, str]]:
        for index, message in enumerate(self._messages):
            calls = [one for one in message.parts if isinstance(one, ToolCall)]
            contents = [one for one in message.parts if not isinstance(one, (ToolCall, Reasoning))]
            for member, parts in (("tool_calls", calls), ("content", contents)):
                for place, part in enumerate(parts):
                    at = f"/messages/{index}/{member}/{place}"
                    yield id(part), at
                    if isinstance(part, ToolResult):
                        yield from ((id(inner), f"{at}/content/{nth}") for nth, inner in enumerate(part.parts))
