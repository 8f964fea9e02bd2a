"""The handler of every route that chats with a model, whatever dialect its clients speak."""

from typing import Protocol

from adapters.dialects.contract import Reply
from adapters.http.answering import ChatAnswering
from adapters.http.inbound import Inbound
from adapters.http.reception import Reception
from application.chat_call import ChatCall


class CallReader(Protocol):
    """Reads the requests of one route."""

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        """The call that body, path and headers make together, and what its answer must know of it.

        Checks no more than what every upstream would need to know. Raises MalformedRequest.
        """
        ...


class ChatHandler:
    """Takes a request in, has it read, and has the call answered."""

    def __init__(self, reader: CallReader, reception: Reception, answering: ChatAnswering) -> None:
        self.reader = reader
        self._reception = reception
        self._answering = answering

    async def handle(self, inbound: Inbound) -> None:
        """Answer one call. Raises AccessErrors, RequestErrors and what ChatAnswering raises."""
        body = await self._reception.body(inbound)
        call, reply = self.reader.read(body, inbound)
        await self._answering.answer(inbound, call, reply)
