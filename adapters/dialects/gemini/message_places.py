"""Where messages and their parts stand, in the names of an OpenAI chat request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.chat.content import Part, Reasoning, ToolCall, ToolResult
from domain.chat.request import Message


@dataclass(frozen=True, slots=True)
class Place:
    """`pointer` for losses (`/messages/2/content/0`), `path` for errors (`messages[2].content[0]`)."""

    pointer: str
    path: str


_CONVERSATION: Final = Place("/messages", "messages")


class Places:
    """The places of messages and parts, by identity.

    Looked through once, and only where something is lost or refused: the way of a good request stays short.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._places: dict[int, Place] | None = None

    def __getitem__(self, there: Message | Part) -> Place:
        """The place; the whole conversation where it is not the caller's."""
        if self._places is None:
            self._places = dict(self._all())
        return self._places.get(id(there), _CONVERSATION)

    def _all(self) -> Iterator[tuple[int, Place]]:
        for index, message in enumerate(self._messages):
            whole = Place(f"/messages/{index}", f"messages[{index}]")
            yield id(message), whole
            calls = [part for part in message.parts if isinstance(part, ToolCall)]
            contents = [part for part in message.parts if not isinstance(part, ToolCall | Reasoning)]
            for member, parts in (("tool_calls", calls), ("content", contents)):
                for position, part in enumerate(parts):
                    at = Place(f"{whole.pointer}/{member}/{position}", f"{whole.path}.{member}[{position}]")
                    yield id(part), at
                    for inner, shown in enumerate(part.parts if isinstance(part, ToolResult) else ()):
                        # In the chat format a result is a message, and what it shows that message's content.
                        yield id(shown), Place(f"{at.pointer}/content/{inner}", f"{whole.path}.content[{inner}]")
            yield from ((id(part), whole) for part in message.parts if isinstance(part, Reasoning))
