"""Ask a model through the gateway's own code, without a server: `python examples/ask.py "How are you?"`."""

import asyncio
import sys

from domain.chat.content import Text
from domain.chat.request import ChatRequest, Message, Role
from entrypoints.library import open_gateway


async def main(question: str, model: str) -> None:
    """Print the answer and what it took."""
    async with open_gateway("feathergate.yaml") as gateway:
        response = await gateway.ask(ChatRequest(model=model, messages=(Message(Role.USER, (Text(question),)),)))
    print("".join(part.text for part in response.candidates[0].parts if isinstance(part, Text)))
    if response.usage is not None:
        print(f"{response.usage.prompt_tokens} tokens in, {response.usage.completion_tokens} tokens out")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2] or ["Hello from a library."], *sys.argv[2:3] or ["echo"]))
