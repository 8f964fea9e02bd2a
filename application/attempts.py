"""Trying deployments until one answer proves good."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from application.chat_call import ChatCall
from application.ports.chat_provider import ChatProvider, Piece
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.errors import ErrorKind, MalformedResponse
from domain.routing.fleet import Deployment

MAX_HELD_PIECES: Final = 4_096
MAX_HELD_BYTES: Final = 1024 * 1024
"""How much without content is held back at most; an upstream that sends more is taken at its word."""

_PROOFS: Final = (
    ev.ContentSeen,
    ev.TextDelta,
    ev.ReasoningDelta,
    ev.ReasoningSigned,
    ev.RefusalDelta,
    ev.MediaAdded,
    ev.OpaqueAdded,
    ev.ToolArgumentsDelta,
    ev.Finished,
)


@dataclass(frozen=True, slots=True)
class OpenedAnswer:
    """An answer that proved good: the pieces held back so far, and the rest, whose closing closes the upstream."""

    held: list[Piece]
    rest: AsyncGenerator[Piece, None]


class Attempts:
    """Opens answers. One attempt per call: the deployment that was planned answers, or its error counts."""

    def __init__(self, provider: ChatProvider) -> None:
        self._provider = provider

    async def open(self, deployment: Deployment, call: ChatCall) -> OpenedAnswer:
        """Hold the answer back until its first content, tool call or finish.

        Raises whatever failed before that, 200-then-error and an early end included.
        """
        pieces = self._provider.open(deployment, call)
        held: list[Piece] = []
        held_bytes = 0
        try:
            async for piece in pieces:
                held.append(piece)
                held_bytes += len(piece.raw or b"")
                if _proves_good(piece.events) or len(held) >= MAX_HELD_PIECES or held_bytes >= MAX_HELD_BYTES:
                    return OpenedAnswer(held, pieces)
        except BaseException:
            await pieces.aclose()
            raise
        raise MalformedResponse(
            "expected an answer; the upstream's ended without content or an ending",
            kind=ErrorKind.TRUNCATED,
            provider=deployment.provider,
            model=deployment.model,
        )


def _proves_good(events: tuple[StreamEvent, ...]) -> bool:
    """Whether something was said. Raises the error of a Failed event that comes before."""
    for event in events:
        if isinstance(event, _PROOFS):
            return True
        if isinstance(event, ev.BlockStarted) and event.kind is BlockKind.TOOL_CALL:
            return True
        if isinstance(event, ev.Failed):
            raise event.error
    return False
