"""What a dialect offers: to providers as the upstream's language, to the routes as the client's."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Protocol

from domain.chat.content import Family
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.chat.tool_names import ToolNames
from domain.errors import FeatherGateError, UpstreamError
from domain.json_types import JSON
from domain.models.profile import ModelProfile
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The upstream a request is rendered for: whose opaque values may travel, its model's id and abilities."""

    provider: str
    family: Family
    model: str
    profile: ModelProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedRequest:
    """A request as the upstream's JSON document, what was lost on the way, and how to undo the renaming.

    custom_tools: wire names of tools whose free text input travels as `{"input": text}`.
    """

    body: dict[str, JSON]
    losses: tuple[Loss, ...] = ()
    tool_names: ToolNames = field(default_factory=ToolNames)
    custom_tools: frozenset[str] = frozenset()


class Decoder(Protocol):
    """Bytes of one streamed answer in, events out. Any split of the bytes gives the same events.

    Garbage, an undocumented ending, and an end without an ending give one Failed event as the last; after
    Ended or Failed nothing more is emitted. Never raises.
    """

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes."""
        ...

    def finish(self) -> list[StreamEvent]:
        """The events that the end of the body completes; the last one ever is Ended or Failed."""
        ...


class Relay(Protocol):
    """One answer passed on to a client of the upstream's own dialect: its bytes kept, read for what they tell.

    Given to `feed` and `finish` as a stream, or to `answer` whole. Each returns the bytes to forward and the
    events they tell (Started, ContentSeen, Finished, UsageReported, and last Ended or Failed). The model is put
    back to the name the client asked for; nothing of a failure, or after one, is forwarded.
    """

    def feed(self, chunk: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What `chunk` completes; any split of the bytes forwards the same. Never raises."""
        ...

    def repeated(self, chunk: bytes) -> bytes:
        """What `feed` would forward for a chunk of whole frames that tell nothing and need no reading.

        Nothing where that cannot be seen at a glance. Such a chunk need not be fed; the relay stays as it is.
        """
        ...

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes. Never raises."""
        ...

    def answer(self, body: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """A buffered answer. Raises UpstreamError where it is not a good one."""
        ...


class UpstreamDialect(Protocol):
    """A wire format as an upstream speaks it."""

    @property
    def name(self) -> str:
        """The name of the format."""
        ...

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        """The request in this format. Raises UnsupportedFeature where it cannot be expressed at all."""
        ...

    def parse_answer(self, body: JSON, rendered: RenderedRequest) -> Iterable[StreamEvent]:
        """A buffered answer as the events that its stream would tell, from Started to Ended.

        Raises MalformedResponse where it breaks the format or has no good ending, and the error it reports.
        """
        ...

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        """A buffered answer as one value: what the events of `parse_answer` fold to. Raises the same."""
        ...

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        """A decoder for one streamed answer to `rendered`."""
        ...

    def relay(self, reply: "Reply") -> Relay:
        """A relay for one answer to a client of this very dialect."""
        ...

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means; `headers` have lower-case names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an answer must know of its request.

    model: the name the client asked for. include_usage: usage was asked for in the stream.
    legacy_functions: the client used `functions` and `function_call` instead of tools.
    created_unix_s: when the request came, for answers whose upstream gives no time.
    echo: members of the request that the format repeats in its answers (Responses), as the client wrote them.
    """

    model: str
    include_usage: bool = False
    legacy_functions: bool = False
    created_unix_s: int = 0
    echo: Mapping[str, JSON] = field(default_factory=dict)


class Encoder(Protocol):
    """Events of one answer in, bytes of its stream out."""

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none. Failed gives the format's own error frame."""
        ...


class ClientDialect(Protocol):
    """A wire format as a client speaks it.

    stream_content_type: of streamed answers. keep_alive: bytes that a client overlooks, to be sent in silences.
    """

    @property
    def name(self) -> str:
        """The name of the format."""
        ...

    @property
    def stream_content_type(self) -> str: ...

    @property
    def keep_alive(self) -> bytes: ...

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A request. Raises MalformedRequest with the path of what is wrong (`messages[2].content[0].type`)."""
        ...

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """A loss's pointer, given in the canonical request's names (`/messages/2/content/0`), in this format's.

        `body` is the request it is about. What has no place of its own is said of the nearest that has.
        """
        ...

    def render_response(self, response: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer in this format."""
        ...

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` this format cannot say, buffered or streamed; None where it says it all."""
        ...

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        ...

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer of an upstream of this very dialect, framed as this client reads it."""
        ...

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        ...

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream; `has_begun`: frames of an answer went before it."""
        ...
