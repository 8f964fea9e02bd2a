"""What a translation costs: a small chat, parsed, rendered and answered back, and each chunk of its stream.

usage: python bench/translation.py [REPEATS]
Prints microseconds for every pair of client and upstream dialect, decoding and encoding of JSON included, network
not. REPEATS (default 2,000) calls are timed in short runs, of which the fastest counts: the others were disturbed
by what else the machine does.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect, Reply, Target, UpstreamDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.fold import fold
from domain.chat.folding import Folding
from domain.chat.request import ChatRequest, Message, Role, Sampling, Tool
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage
from domain.json_types import JSON
from domain.models.catalogue import profile_for

CALLS_PER_RUN: Final = 10
CHUNKS: Final = 50
LIMIT_US: Final = 80
CHUNK_LIMIT_US: Final = 15


class Dialect(ClientDialect, UpstreamDialect, Protocol):
    """Both sides of a wire format."""


@dataclass(frozen=True, slots=True)
class Side:
    """A dialect, and the model that is asked where it is the upstream's."""

    dialect: Dialect
    target: Target


def _side(dialect: Dialect, provider: str, family: str, model: str) -> Side:
    target = Target(provider=provider, family=family, model=model, profile=profile_for(provider, model))
    return Side(dialect, target)


def sides() -> Mapping[str, Side]:
    """The four dialects by their initials."""
    return MappingProxyType(
        {
            "C": _side(OpenAIChat(), "openai", "openai", "gpt-4.1"),
            "R": _side(OpenAIResponses(), "openai", "openai", "gpt-4.1"),
            "A": _side(AnthropicMessages(), "anthropic", "anthropic", "claude-sonnet-4-5"),
            "G": _side(Gemini(), "gemini", "google", "gemini-2.5-flash"),
        }
    )


def small_request(*, stream: bool) -> ChatRequest:
    """What most chats are: an instruction, a few turns, one tool, two parameters."""
    schema: JSON = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    turns = (
        (Role.SYSTEM, "You are a helpful assistant. Answer briefly."),
        (Role.USER, "What is the capital of France?"),
        (Role.ASSISTANT, "Paris."),
        (Role.USER, "And how warm is it there today?"),
    )
    return ChatRequest(
        model="m",
        messages=tuple(Message(role=role, parts=(Text(text=text),)) for role, text in turns),
        tools=(Tool(name="get_weather", description="The weather in a city", parameters=schema),),
        sampling=Sampling(temperature=0.5),
        max_output_tokens=512,
        stream=stream,
    )


def small_answer() -> tuple[StreamEvent, ...]:
    """A text of CHUNKS words."""
    return (
        ev.Started("id-1", "m", 1_770_000_000),
        ev.BlockStarted(0, BlockKind.TEXT),
        *(ev.TextDelta(0, "word ") for _ in range(CHUNKS)),
        ev.BlockStopped(0),
        ev.Finished(Finish(reason=FinishReason.STOP)),
        ev.UsageReported(Usage(prompt_tokens=40, completion_tokens=CHUNKS)),
        ev.Ended(),
    )


def request_body(side: Side, *, stream: bool) -> bytes:
    """A client's small request."""
    body = side.dialect.render_request(small_request(stream=stream), side.target).body
    if "model" not in body:
        body = {**body, "model": side.target.model, "stream": stream}
    return json_codec.encode(body)


def round_trip(client: Side, upstream: Side) -> Callable[[], bytes]:
    """One buffered call: the client's bytes in, the bytes for the client out."""
    asked = request_body(client, stream=False)
    reply = Reply(model="m", created_unix_s=1_770_000_000)
    given = json_codec.encode(upstream.dialect.render_response(fold(small_answer()), reply))

    def run() -> bytes:
        request = client.dialect.parse_request(json_codec.decode(asked))
        rendered = upstream.dialect.render_request(request, upstream.target)
        json_codec.encode(rendered.body)
        folding = Folding()
        for event in upstream.dialect.parse_answer(json_codec.decode(given), rendered):
            folding.feed(event)
        return json_codec.encode(client.dialect.render_response(folding.response(), reply))

    return run


def stream(client: Side, upstream: Side) -> Callable[[], None]:
    """One streamed answer, frame by frame."""
    reply = Reply(model="m", include_usage=True, created_unix_s=1_770_000_000)
    rendered = upstream.dialect.render_request(small_request(stream=True), upstream.target)
    encoder = upstream.dialect.encoder(reply)
    frames = [frame for event in small_answer() if (frame := encoder.feed(event))]

    def run() -> None:
        decoder, out = upstream.dialect.decoder(rendered), client.dialect.encoder(reply)
        for frame in frames:
            for event in decoder.feed(frame):
                out.feed(event)
        for event in decoder.finish():
            out.feed(event)

    return run


def least_us(work: Callable[[], object], repeats: int, *, calls_per_run: int = CALLS_PER_RUN) -> float:
    """Microseconds of one call, in the fastest of the runs that `repeats` calls are cut into."""
    best = float("inf")
    for _ in range(max(1, repeats // calls_per_run)):
        began_s = time.perf_counter()
        for _ in range(calls_per_run):
            work()
        best = min(best, (time.perf_counter() - began_s) / calls_per_run)
    return best * 1e6


def main(repeats: int) -> None:
    dialects = sides()
    print(f"client ← upstream   call µs (limit {LIMIT_US})   streamed chunk µs (limit {CHUNK_LIMIT_US})")
    for client in dialects:
        for upstream in dialects:
            call_us = least_us(round_trip(dialects[client], dialects[upstream]), repeats)
            stream_us = least_us(stream(dialects[client], dialects[upstream]), repeats // 10, calls_per_run=1)
            print(f"     {client} ← {upstream}        {call_us:10.1f}            {stream_us / CHUNKS:10.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
