"""One official client before one vendor, with the gateway between them."""

from collections.abc import Sequence
from typing import Any

from tests.e2e.canned.contents import CACHED_TOKENS, CALLS, COMPLETION_TOKENS, PROMPT_TOKENS, THOUGHT
from tests.e2e.clients.asking import SYSTEM, OfficialClient, Told, Wish
from tests.e2e.heard import Heard, Upstream
from tests.e2e.vendors import Vendors

GOOGLES_NAME = "gemini-2.5-flash"
USAGE = (PROMPT_TOKENS, CACHED_TOKENS, COMPLETION_TOKENS)
CALLED = tuple((name, arguments) for _, name, arguments in CALLS)
RESULTS = ("21 degrees", "30 degrees")
THANKS = "Thanks. And London?"


class Pair:
    """One client, in one fashion, before one upstream."""

    def __init__(self, client: OfficialClient, upstream: Upstream, vendors: Vendors, *, stream: bool) -> None:
        self.client = client
        self.upstream = upstream
        self.vendors = vendors
        self.stream = stream

    @property
    def models(self) -> tuple[str, ...]:
        """What answers say the model is: what was asked for; what passes from Google to its client as it came, may
        name the version instead."""
        asked = (self.upstream.model,)
        return (*asked, GOOGLES_NAME) if self.names == ("gemini", "gemini") else asked

    @property
    def shown(self) -> str:
        """The thought as the client reads it. Who asks only for effort is not shown what OpenAI's model thinks."""
        return "" if self.names == ("chat", "responses") else THOUGHT

    @property
    def names(self) -> tuple[str, str]:
        return self.client.name, self.upstream.name

    def answering(self, told: Told) -> list[Any]:
        """What the user says next: the results of the calls, or thanks."""
        return self.client.results(told.calls, RESULTS) if told.calls else self.client.said(THANKS)

    async def ask(self, history: Sequence[Any], **wished: bool) -> tuple[Told, Heard]:
        """What the client is told, and what the vendor was asked."""
        told = await self.client.ask(self.upstream.model, history, Wish(stream=self.stream, **wished))
        assert told.usage == USAGE
        assert told.model in self.models
        heard = self.upstream.heard(self.vendors.asked[-1])
        assert heard.system == SYSTEM
        return told, heard
