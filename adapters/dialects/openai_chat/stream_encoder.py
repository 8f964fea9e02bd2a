"""Events → the bytes of a streamed answer."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, assert_never

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.openai_chat import answer_shape
from adapters.dialects.openai_chat.errors import encode_error
from adapters.dialects.openai_chat.reasoning import JOINT, signed_entry
from adapters.dialects.openai_chat.request import render_service_tier
from adapters.dialects.openai_chat.stream_decoder import DONE
from adapters.dialects.openai_chat.usage import render_usage
from domain.chat import events as ev
from domain.chat.content import Citation, Opaque, Reasoning
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.usage import Usage
from domain.json_types import JSON

_GOOGLE: Final = "google"


@dataclass(slots=True)
class _Block:
    kind: BlockKind
    call: int | None = None
    is_custom: bool = False
    has_arguments: bool = False
    length: int = 0
    thought: list[str] = field(default_factory=list)
    signature: Opaque | None = None
    is_redacted: bool = False
    citations: list[Citation] = field(default_factory=list)


@dataclass(slots=True)
class _Candidate:
    blocks: dict[int, _Block] = field(default_factory=dict)
    calls: int = 0
    said: int = 0
    thoughts: int = 0
    has_content: bool = False
    legacy_call: bool = False
    listed: Counter[str] = field(default_factory=Counter)


class ChatStreamEncoder:
    """Writes one streamed answer. Every candidate has a role chunk before and a finish chunk after its deltas."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._candidates: dict[int, _Candidate] = {}
        self._usage: Usage | None = None
        self._over = False
        self._answer = ""
        self._head = self._tail = b""
        self._start(ev.Started("", ""))

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none; none at all after Ended and Failed."""
        if self._over:
            return b""
        match event:
            case ev.TextDelta(block, text, candidate):
                return self._text(block, text, candidate)
            case ev.ToolArgumentsDelta(block, fragment, candidate):
                return self._arguments(block, fragment, candidate)
            case ev.Started():
                self._start(event)
                return b""
            case ev.UsageReported(usage):
                self._usage = usage
                return b""
            case ev.Ping() | ev.ContentSeen() | ev.OpaqueAdded():
                return b""
            case ev.Failed(error):
                self._over = True
                return encode_error(error)
            case ev.Ended():
                self._over = True
                return self._usage_chunk() + b"data: " + DONE + b"\n\n"
            case ev.BlockStarted():
                return self._opened(event)
            case _:
                return self._rarer(event)

    def _rarer(self, event: "_RarerEvent") -> bytes:
        candidate = event.candidate
        match event:
            case ev.ReasoningDelta(block, text):
                return self._thought(block, text, candidate)
            case ev.ReasoningSigned(block, signature, redacted):
                state = self._block(block, candidate)
                state.signature, state.is_redacted = signature, redacted
                return b""
            case ev.RefusalDelta(_, text):
                return self._delta(candidate, {"refusal": text})
            case ev.TextSigned(_, signature):
                signed = signature.family == _GOOGLE
                extra = {"extra_content": answer_shape.google_signature(signature.value)}
                return self._delta(candidate, extra) if signed else b""
            case ev.Cited(block, citation):
                self._block(block, candidate).citations.append(citation)
                return b""
            case ev.LogprobsDelta(entries):
                logprobs = json_codec.encode({"content": entries, "refusal": None})
                return self._role(candidate) + self._chunk(candidate, b"{}", b'null,"logprobs":' + logprobs)
            case ev.MediaAdded():
                return self._media(event)
            case ev.BlockStopped(block):
                return self._closed(block, candidate)
            case ev.Finished():
                return self._finished(event)
        assert_never(event)

    def _start(self, started: ev.Started) -> None:
        """Fix what every chunk of the answer repeats."""
        self._answer = answer_shape.answer_id(started.id)
        repeated: dict[str, JSON] = {
            "id": self._answer,
            "object": "chat.completion.chunk",
            "created": started.created_unix_s or self._reply.created_unix_s,
            "model": self._reply.model,
        }
        if started.service_tier is not None:
            repeated["service_tier"] = render_service_tier(started.service_tier)
        if started.system_fingerprint is not None:
            repeated["system_fingerprint"] = started.system_fingerprint
        self._head = b"data: " + json_codec.encode(repeated)[:-1] + b',"choices":['
        self._tail = (b'],"usage":null}' if self._reply.include_usage else b"]}") + b"\n\n"

    def _chunk(self, candidate: int, delta: bytes, ending: bytes = b"null") -> bytes:
        return b'%b{"index":%d,"delta":%b,"finish_reason":%b}%b' % (
            self._head,
            candidate,
            delta,
            ending,
            self._tail,
        )

    def _delta(self, candidate: int, delta: dict[str, JSON]) -> bytes:
        self._state(candidate).has_content = True
        return self._chunk(candidate, json_codec.encode(delta))

    def _listed(self, candidate: int, name: str, entries: list[JSON]) -> bytes:
        """More entries of a list; official clients join lists over chunks by `index`."""
        listed = self._state(candidate).listed
        numbered = [{"index": listed[name] + position, **entry} for position, entry in enumerate(entries)]
        listed[name] += len(entries)
        return self._delta(candidate, {name: numbered})

    def _state(self, candidate: int) -> _Candidate:
        return self._candidates[candidate]

    def _block(self, block: int, candidate: int) -> _Block:
        return self._candidates[candidate].blocks[block]

    def _role(self, candidate: int, content: bytes = b'""') -> bytes:
        """The candidate's first chunk, once."""
        if candidate in self._candidates:
            return b""
        self._candidates[candidate] = _Candidate()
        return self._chunk(candidate, b'{"role":"assistant","content":' + content + b"}")

    def _text(self, block: int, text: str, candidate: int) -> bytes:
        state = self._candidates[candidate]
        state.has_content = True
        state.blocks[block].length += len(text)
        return self._chunk(candidate, b'{"content":' + json_codec.encode(text) + b"}")

    def _opened(self, event: ev.BlockStarted) -> bytes:
        is_call = event.kind is BlockKind.TOOL_CALL
        first = self._role(event.candidate, b"null" if is_call else b'""')
        state = self._state(event.candidate)
        block = state.blocks[event.block] = _Block(event.kind)
        if not is_call:
            return first
        block.is_custom = event.tool_kind == "custom"
        function = {"name": event.name, "arguments": ""}
        if self._reply.legacy_functions and not state.legacy_call:
            state.legacy_call = True
            return first + self._delta(event.candidate, {"function_call": function})
        block.call = state.calls
        state.calls += 1
        # The API types only functions in chunks, so a call with free text input looks like one too.
        call = {"index": block.call, "id": event.call_id, "type": "function", "function": function}
        if event.signature is not None and event.signature.family == _GOOGLE:
            call["extra_content"] = answer_shape.google_signature(event.signature.value)
        return first + self._delta(event.candidate, {"tool_calls": [call]})

    def _arguments(self, block: int, fragment: str, candidate: int) -> bytes:
        state = self._block(block, candidate)
        state.has_arguments = state.has_arguments or bool(fragment.strip())
        encoded = json_codec.encode(fragment)
        if state.call is None:
            return self._chunk(candidate, b'{"function_call":{"arguments":%b}}' % encoded)
        delta = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (state.call, encoded)
        return self._chunk(candidate, delta)

    def _thought(self, block: int, text: str, candidate: int) -> bytes:
        state, told = self._state(candidate), self._block(block, candidate)
        if not told.thought:
            joint = JOINT if state.thoughts else ""
            state.thoughts += 1
        else:
            joint = ""
        told.thought.append(text)
        return self._delta(candidate, {"reasoning_content": joint + text})

    def _media(self, event: ev.MediaAdded) -> bytes:
        if event.medium == "audio":
            heard = answer_shape.sound(event.media, event.transcript, self._answer)
            return b"" if heard is None else self._delta(event.candidate, {"audio": heard})
        shown = answer_shape.picture(event.media)
        return b"" if shown is None else self._listed(event.candidate, "images", [shown])

    def _closed(self, block: int, candidate: int) -> bytes:
        state, closed = self._state(candidate), self._block(block, candidate)
        if closed.kind is BlockKind.TOOL_CALL:
            empty = not closed.has_arguments and not closed.is_custom
            return self._arguments(block, "{}", candidate) if empty else b""
        if closed.kind is BlockKind.REASONING and closed.signature is not None:
            text = "".join(closed.thought)
            thought = Reasoning(text=text, signature=closed.signature, redacted=closed.is_redacted)
            return self._listed(candidate, *signed_entry(thought))
        cited = answer_shape.annotations(closed.citations, state.said, closed.length)
        state.said += closed.length
        return self._listed(candidate, "annotations", cited) if cited else b""

    def _finished(self, event: ev.Finished) -> bytes:
        chunks = self._role(event.candidate)
        state = self._state(event.candidate)
        declined = None if state.has_content else answer_shape.refusal_of(event.finish)
        if declined:
            chunks += self._delta(event.candidate, {"refusal": declined})
        word = answer_shape.finish_word(event.finish, legacy_call=state.legacy_call)
        told = json_codec.encode(answer_shape.about_ending(event.finish, explained=declined is not None))
        return chunks + self._chunk(event.candidate, told, b'"%b"' % word.encode())

    def _usage_chunk(self) -> bytes:
        """The chunk after the last ending, only for a client that asked, and only where the counts are known."""
        if not self._reply.include_usage or self._usage is None:
            return b""
        return self._head + b'],"usage":' + json_codec.encode(render_usage(self._usage)) + b"}\n\n"


_RarerEvent = (
    ev.ReasoningDelta
    | ev.ReasoningSigned
    | ev.RefusalDelta
    | ev.TextSigned
    | ev.Cited
    | ev.LogprobsDelta
    | ev.MediaAdded
    | ev.BlockStopped
    | ev.Finished
)
