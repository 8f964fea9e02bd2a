"""The four official clients in both fashions, connected to a gateway."""

import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anthropic
import openai

from tests.e2e.clients.asking import OfficialClient
from tests.e2e.clients.chat import ChatClient
from tests.e2e.clients.gemini import GeminiClient
from tests.e2e.clients.messages import MessagesClient
from tests.e2e.clients.responses import ResponsesClient

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package's own, when it is imported
    from google import genai
    from google.genai import types

FASHIONS = ("sync", "async")
CLIENTS = ("chat", "responses", "messages", "gemini")


@dataclass(frozen=True, slots=True)
class Apis:
    """The vendors' clients themselves; `google` has the methods, whether they wait or not."""

    openai: Any
    anthropic: Any
    google: Any

    def client(self, name: str) -> OfficialClient:
        """The client that speaks the dialect of this name."""
        clients = (
            ChatClient(self.openai),
            ResponsesClient(self.openai),
            MessagesClient(self.anthropic),
            GeminiClient(self.google),
        )
        return clients[CLIENTS.index(name)]


@asynccontextmanager
async def connected(base: str, key: str, *, api_version: str = "v1") -> AsyncIterator[dict[str, Apis]]:
    """The clients of both fashions, which ask once and do not try again, until the block ends."""
    openai_told: dict[str, Any] = {"base_url": f"{base}/v1", "api_key": key, "max_retries": 0}
    anthropic_told: dict[str, Any] = {"base_url": base, "api_key": key, "max_retries": 0}
    options = types.HttpOptions(base_url=base, api_version=api_version)
    async with AsyncExitStack() as stack:
        google = genai.Client(api_key=key, http_options=options)
        stack.callback(google.close)
        stack.push_async_callback(google.aio.aclose)
        yield {
            "sync": Apis(
                stack.enter_context(openai.OpenAI(**openai_told)),
                stack.enter_context(anthropic.Anthropic(**anthropic_told)),
                google,
            ),
            "async": Apis(
                await stack.enter_async_context(openai.AsyncOpenAI(**openai_told)),
                await stack.enter_async_context(anthropic.AsyncAnthropic(**anthropic_told)),
                google.aio,
            ),
        }
