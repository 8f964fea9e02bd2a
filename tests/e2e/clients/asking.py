"""What the official clients are to ask for and what they understand, whichever vendor's they are."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

SYSTEM = "Be brief."
QUESTION = "How is Paris?"
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
VERDICT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"mild": {"type": "boolean"}, "why": {"type": "string"}},
    "required": ["mild", "why"],
    "additionalProperties": False,
}
TOOL, ABOUT_TOOL = "get_weather", "The weather in a city."
THINKING_TOKENS, MAX_TOKENS = 2_048, 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a request asks for besides an answer."""

    tools: bool = False
    verdict: bool = False
    thoughts: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool, as the client was told of it."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer. `usage` counts prompt, of it cached, and completion; `turn` is what the history keeps of it."""

    text: str
    thought: str
    calls: tuple[Call, ...]
    ending: str
    usage: tuple[int, int, int]
    model: str
    turn: Sequence[Any]


class OfficialClient(Protocol):
    """One vendor's client, sync or async, asked the same questions as the others.

    endings: what it is told at the end of a text, and of calls.
    """

    name: str
    endings: tuple[str, str]

    def said(self, text: str, *, png: str | None = None) -> list[Any]:
        """The user's turn, with an image before the text where there is one."""
        ...

    def results(self, calls: Sequence[Call], results: Sequence[str]) -> list[Any]:
        """The turn that answers `calls`, in their order."""
        ...

    async def ask(self, model: str, history: Sequence[Any], wish: Wish) -> Told:
        """The answer to `history`. Raises the client's own errors."""
        ...


async def settled(result: Any) -> Any:
    """What a method of a sync or async client returns."""
    return await result if inspect.isawaitable(result) else result


async def finished(manager: Any, read: Callable[[Any], Any]) -> Any:
    """What `read` makes of a stream that a sync or async client manages."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            return await read(stream)
    with manager as stream:
        return read(stream)


async def listed(items: Any) -> list[Any]:
    """All items of an iterator, sync or async, or of what is waited for to be one."""
    items = await settled(items)
    return [item async for item in items] if hasattr(items, "__aiter__") else list(items)
