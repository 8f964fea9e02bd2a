"""Counting the tokens of a request without having it answered, in every dialect that has a route for it."""

from collections.abc import Callable
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.gemini.counting import parse_count_request
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.answer_heads import AnswerHeads
from adapters.http.call_reading import CallFacts, named_model, new_call
from adapters.http.chat_handler import CallReader
from adapters.http.headers import Header
from adapters.http.inbound import Inbound
from adapters.http.reception import Reception
from application.chat_call import ChatCall
from application.count_tokens import CountTokens
from domain.errors import MalformedRequest
from domain.json_types import JSON

ESTIMATED: Final[Header] = (b"x-feathergate-estimate", b"true")
"""Goes with a count that no upstream made: its endpoint is missing, so the gateway estimated."""


class CountHandler:
    """Answers the requests that `reader` reads with their counts, worded by the dialect's `render`."""

    def __init__(
        self,
        reader: CallReader,
        render: Callable[[int], dict[str, JSON]],
        *,
        reception: Reception,
        count_tokens: CountTokens,
        heads: AnswerHeads,
    ) -> None:
        self._reader = reader
        self._render = render
        self._reception = reception
        self._count_tokens = count_tokens
        self._heads = heads

    async def handle(self, inbound: Inbound) -> None:
        """Answer one request. Raises AccessErrors, RequestErrors and what CountTokens raises."""
        body = await self._reception.body(inbound)
        call, _ = self._reader.read(body, inbound)
        count = await self._count_tokens.run(call)
        inbound.record.status = 200
        answer = json_codec.encode(self._render(count.tokens))
        head = self._heads.buffered(inbound, count.call, count.deployment, len(answer))
        exchange = inbound.exchange
        await exchange.start(200, [*head, ESTIMATED] if count.estimated else head)
        await exchange.finish(answer)


class CountedContentsReader:
    """Reads `:countTokens` requests of Gemini's clients; a CallReader. The path says which model."""

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        envelope, gateway = split_gateway_members(Envelope.decode(body))
        wanted = parse_count_request(envelope.document())
        model = named_model(envelope, inbound)
        if not wanted.get("contents"):
            raise MalformedRequest("contents: expected a list of at least one content", param="contents")
        counted = Envelope({}).with_members({**wanted, "model": model, "stream": False})
        reply = Reply(model=model)
        facts = CallFacts(stream=False, gateway=gateway)
        return new_call(inbound, Document(counted, inbound.dialect, reply), facts), reply
