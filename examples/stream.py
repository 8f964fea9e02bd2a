"""Print an answer word by word, and stop listening when there are enough: `python examples/stream.py`."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

from domain.chat.content import Text
from domain.chat.events import TextDelta
from domain.chat.request import ChatRequest, Message, Role
from domain.errors import FeatherGateError
from entrypoints.library import open_gateway

CONFIG: Final[Mapping[str, object]] = {
    "model_list": [{"model_name": "talker", "litellm_params": {"model": "echo/slow-5ms"}}]
}
"""What would stand in a configuration file may also be given as plain values."""


async def main(enough: int = 8) -> None:
    """Print the first words of a long answer."""
    words = " ".join(f"word-{number}" for number in range(1_000))
    request = ChatRequest(model="talker", messages=(Message(Role.USER, (Text(words),)),))
    heard = 0
    async with open_gateway(CONFIG) as gateway, aclosing(gateway.stream(request)) as events:
        try:
            async for event in events:
                if isinstance(event, TextDelta):
                    print(event.text, end="", flush=True)
                    heard += 1
                if heard == enough:
                    break  # closing the stream closes the upstream: nothing more is generated, or paid
        except FeatherGateError as error:
            print(f"\nthe answer broke off: {error.label}")
    print(" …")


if __name__ == "__main__":
    asyncio.run(main())
