"""The way of an answer from an upstream of one dialect to a client of another, buffered and streamed."""

import json
from collections.abc import Iterable
from itertools import product
from typing import Any, Final

import pytest

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest, Reply
from domain.chat.events import StreamEvent
from domain.chat.fold import fold, unfold
from domain.chat.response import ChatResponse
from tests.strategies.dialects import DIALECTS

NOTHING_RENAMED: Final = RenderedRequest(body={})
REPLY: Final = Reply(model="asked", include_usage=True, created_unix_s=1_780_000_000)

PAIRS: Final = tuple(product(DIALECTS, DIALECTS))
each_pair = pytest.mark.parametrize(("upstream", "client"), PAIRS)
each_dialect = pytest.mark.parametrize("dialect", DIALECTS)
each_upstream = pytest.mark.parametrize("upstream", DIALECTS)
each_client = pytest.mark.parametrize("client", DIALECTS)


def parsed(upstream: str, body: Any, rendered: RenderedRequest = NOTHING_RENAMED) -> ChatResponse:
    """A buffered answer of the upstream, from its bytes on. Raises UpstreamError where it is no good one."""
    document = json_codec.decode(body if isinstance(body, bytes) else json.dumps(body).encode())
    return fold(unfold(DIALECTS[upstream].parse_response(document, rendered)))


def decoded(
    upstream: str, reads: Iterable[bytes], rendered: RenderedRequest = NOTHING_RENAMED
) -> list[StreamEvent]:
    """The events of the upstream's stream that arrives in `reads`."""
    decoder = DIALECTS[upstream].decoder(rendered)
    events = [event for read in reads for event in decoder.feed(read)]
    return events + decoder.finish()


def rendered_body(client: str, answer: ChatResponse, reply: Reply = REPLY) -> Any:
    """The buffered answer for the client, by way of its bytes."""
    return json.loads(json_codec.encode(DIALECTS[client].render_response(answer, reply)))


def encoded(client: str, events: Iterable[StreamEvent], reply: Reply = REPLY) -> bytes:
    """The streamed answer for the client."""
    encoder = DIALECTS[client].encoder(reply)
    return b"".join(encoder.feed(event) for event in events)


def whole(upstream: str, client: str, body: Any) -> Any:
    """An upstream's body as the client's."""
    return rendered_body(client, parsed(upstream, body))


def streamed(upstream: str, client: str, reads: Iterable[bytes], reply: Reply = REPLY) -> bytes:
    """An upstream's stream as the client's."""
    return encoded(client, decoded(upstream, reads), reply)
