"""Calls that a program makes in the words of the domain, in no vendor's."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from adapters.dialects.embeddings.document import EmbeddingsDocument
from adapters.dialects.embeddings.openai_client import render_request
from adapters.dialects.envelope import Envelope
from adapters.http.headers import choose_request_id
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.embedding_call import EmbeddingCall
from application.ports.clock import Clock
from domain.chat.request import ChatRequest, Effort
from domain.embeddings import EmbeddingRequest
from domain.json_types import JSON

_ROUTE: Final = "library"
_OPENING_MESSAGES: Final = 4
"""So many messages make a request's opening, as far as requests have to be told apart by it."""


class CanonicalDocument:
    """A request that was never written in a dialect; a ClientDocument."""

    __slots__ = ("_request",)

    dialect: Final = "canonical"

    def __init__(self, request: ChatRequest) -> None:
        self._request = request

    def canonical(self) -> ChatRequest:
        return self._request

    def asks_to_reason(self) -> bool:
        wish = self._request.reasoning
        return wish is not None and wish.effort is not Effort.NONE and wish.budget_tokens != 0

    def opening(self) -> str:
        request = self._request
        opening = (request.cache_key, request.tools, request.messages[:_OPENING_MESSAGES])
        return blake2b(repr(opening).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "CanonicalDocument":
        """The request to another model; `changes` come with requests that were written, so that here are none."""
        del changes
        return CanonicalDocument(replace(self._request, model=model))

    def place(self, where: str) -> str:
        return where


def chat_call(request: ChatRequest, clock: Clock, *, stream: bool) -> ChatCall:
    """The call of `request`, whose model is the name of a group."""
    record = _record(clock)
    asked = replace(request, stream=stream, include_usage=stream)
    return ChatCall(
        request_id=record.request_id,
        model=request.model,
        stream=stream,
        document=CanonicalDocument(asked),
        record=record,
    )


def embedding_call(request: EmbeddingRequest, clock: Clock) -> EmbeddingCall:
    """The call of `request`, whose model is the name of a group."""
    record = _record(clock)
    return EmbeddingCall(
        request_id=record.request_id,
        model=request.model,
        document=EmbeddingsDocument(Envelope({}).with_members(render_request(request))),
        record=record,
    )


def _record(clock: Clock) -> CallRecord:
    return CallRecord(request_id=choose_request_id(None), route=_ROUTE, received_s=clock.monotonic_s())
