"""Who answers chat calls."""

from collections.abc import AsyncGenerator
from typing import Protocol

from application.chat_call import ChatCall
from domain.chat.events import StreamEvent
from domain.routing.fleet import Deployment
from domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A step of an answer.

    raw:    bytes to hand to the client as they are, where the upstream speaks the client's own dialect; None
            where the answer is told by `events` alone. A buffered answer is one piece.
    events: what the step means; beside raw bytes only ContentSeen, Finished, UsageReported, Failed and Ended.
            The raw bytes of a piece with Failed never contain the failure: the client's dialect words it.
    """

    raw: bytes | None
    events: tuple[StreamEvent, ...]


class ChatProvider(Protocol):
    """Answers chat calls through a deployment."""

    def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """The answer, piece by piece; the last piece's last event is Ended or Failed.

        Raises FeatherGateErrors (RequestError before anything is sent, UpstreamError) where the answer has not
        begun; closing the generator closes the upstream's socket. Raw bytes without events may be given to the
        call's `passage`, where there is one, instead of being a piece.
        """
        ...
