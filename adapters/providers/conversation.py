"""One request on its way to an upstream and one answer on its way back, in either of two ways."""

from typing import Protocol

from adapters.upstream.request_body import Body
from application.ports.chat_provider import Piece


class PieceReader(Protocol):
    """Bytes of one streamed answer in, pieces out. The last piece ends with Ended or Failed; never raises."""

    def feed(self, chunk: bytes) -> Piece:
        """What `chunk` completes."""
        ...

    def finish(self) -> Piece:
        """What the end of the body completes."""
        ...


class Conversation(Protocol):
    """How one request goes out, and how its answer is read."""

    @property
    def body(self) -> Body:
        """The request to send."""
        ...

    def reader(self) -> PieceReader:
        """For an answer that comes as a stream."""
        ...

    def answer(self, body: bytes) -> Piece:
        """A whole answer to a request that asked for one. Raises UpstreamErrors where it is not a good one."""
        ...

    def replayed(self, body: bytes) -> Piece:
        """A whole answer to a request that asked for a stream, as events. Raises as `answer`."""
        ...

    def gathered(self, body: bytes) -> Piece:
        """A stream, come to its end, that answers a request for a whole answer, as events. Raises as `answer`."""
        ...
