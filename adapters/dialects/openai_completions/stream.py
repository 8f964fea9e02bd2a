"""Streamed answers: events → bytes, and an upstream's bytes → events."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import Decoder, RenderedRequest, Reply
from adapters.dialects.openai_completions.logprobs import LogprobsWriter
from adapters.dialects.openai_completions.response import OBJECT, answer_id, as_chat, echoed, ending
from adapters.dialects.openai_completions.vocabulary import Chat
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.response import Candidate, ChatResponse, Finish
from domain.chat.usage import Usage
from domain.errors import MalformedResponse
from domain.json_types import JSON

_DONE: Final = b"data: [DONE]\n\n"


class CompletionsEncoder:
    """Writes one streamed answer: a chunk for each piece of text, and one for each ending."""

    def __init__(self, reply: Reply, chat: Chat) -> None:
        self._reply = reply
        self._chat = chat
        self._prompt = echoed(reply)
        self._logprobs: dict[int, LogprobsWriter] = {}
        self._usage: Usage | None = None
        self._over = False
        self._head = self._tail = b""
        self._start(ev.Started("", ""))

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none; none at all after Ended and Failed."""
        if self._over:
            return b""
        match event:
            case ev.TextDelta(_, text, candidate) | ev.RefusalDelta(_, text, candidate):
                return self._opened(candidate) + self._chunk(candidate, text)
            case ev.LogprobsDelta(entries, candidate):
                opened = self._opened(candidate)
                return opened + self._chunk(candidate, "", logprobs=self._logprobs[candidate].write(entries))
            case ev.Finished(finish, candidate):
                return self._opened(candidate) + self._chunk(candidate, "", finish=self._word(finish))
            case ev.Started():
                self._start(event)
                return b""
            case ev.UsageReported(usage):
                self._usage = usage
                return b""
            case ev.Ended():
                self._over = True
                return self._usage_chunk() + _DONE
            case ev.Failed(error):
                self._over = True
                return self._chat.encode_error(error)
            case _:
                return b""

    def _start(self, started: ev.Started) -> None:
        """Fix what every chunk of the answer repeats."""
        repeated: dict[str, JSON] = {
            "id": answer_id(started.id),
            "object": OBJECT,
            "created": started.created_unix_s or self._reply.created_unix_s,
            "model": self._reply.model,
        }
        if started.system_fingerprint is not None:
            repeated["system_fingerprint"] = started.system_fingerprint
        self._head = b"data: " + json_codec.encode(repeated)[:-1] + b',"choices":['
        self._tail = (b'],"usage":null}' if self._reply.include_usage else b"]}") + b"\n\n"

    def _opened(self, candidate: int) -> bytes:
        """The prompt, where the candidate is to begin with it."""
        if candidate in self._logprobs:
            return b""
        self._logprobs[candidate] = LogprobsWriter(len(self._prompt))
        return self._chunk(candidate, self._prompt) if self._prompt else b""

    def _chunk(self, candidate: int, text: str, *, logprobs: JSON = None, finish: str | None = None) -> bytes:
        choice = {"text": text, "index": candidate, "logprobs": logprobs, "finish_reason": finish}
        return self._head + json_codec.encode(choice) + self._tail

    def _word(self, finish: Finish) -> str:
        return ending(self._rendered(Candidate(index=0, parts=(), finish=finish))["choices"][0]["finish_reason"])

    def _usage_chunk(self) -> bytes:
        """The chunk after the last ending, only for a client that asked, and only where the counts are known."""
        if not self._reply.include_usage or self._usage is None:
            return b""
        return self._head + b'],"usage":' + json_codec.encode(self._rendered()["usage"]) + b"}\n\n"

    def _rendered(self, *candidates: Candidate) -> dict[str, JSON]:
        """An ending or the counts as Chat Completions words them."""
        answer = ChatResponse(id="", model="", candidates=candidates, usage=self._usage)
        return self._chat.render_response(answer, self._reply)


class CompletionsDecoder:
    """Reads an upstream's stream: each frame becomes one of Chat Completions, for that format's decoder."""

    def __init__(self, rendered: RenderedRequest, chat: Chat) -> None:
        self._frames = FrameDecoder()
        self._chat: Decoder = chat.decoder(rendered)
        self._over = False

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes."""
        if self._over:
            return []
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            self._over = True
            return [ev.Failed(MalformedResponse(f"{refused}."))]
        return self._read(frames)

    def finish(self) -> list[StreamEvent]:
        """The events that the end of the body completes; the last one ever is Ended or Failed."""
        return [] if self._over else [*self._read(self._frames.finish()), *self._chat.finish()]

    def _read(self, frames: list[Frame]) -> list[StreamEvent]:
        return [event for frame in frames for event in self._chat.feed(_as_chat(frame))]


def _as_chat(frame: Frame) -> bytes:
    if not frame.data or not frame.data.lstrip().startswith(b"{"):
        return frame.closed
    try:
        document = json_codec.decode(frame.data)
    except ValueError:
        return frame.closed
    name = f"event: {frame.event}\n".encode() if frame.event else b""
    return name + b"data: " + json_codec.encode(as_chat(document, streamed=True)) + b"\n\n"
