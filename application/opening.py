"""Opening an answer and holding it back until it proves good."""

from collections.abc import AsyncGenerator
from typing import Final

from application.chat_call import ChatCall
from application.ports.chat_provider import ChatProvider, Piece
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.errors import ErrorKind, MalformedResponse
from domain.routing.fleet import Deployment
from domain.values import dataclass

MAX_HELD_PIECES: Final = 4_096
MAX_HELD_BYTES: Final = 1024 * 1024
"""How much without content is held back at most; an upstream that sends more is taken at its word."""

MAX_GUARDED_PIECES: Final = 262_144
MAX_GUARDED_BYTES: Final = 64 * 1024 * 1024
"""How much of a whole answer is held back at most, where whole answers are."""

_PROOFS: Final[frozenset[type[StreamEvent]]] = frozenset(
    (
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
)


@dataclass(frozen=True, slots=True)
class OpenedAnswer:
    """An answer that proved good: the pieces held back so far, and the rest, whose closing closes the upstream.

    call: the call as it was made, with what was lost on this way.
    """

    call: ChatCall
    held: list[Piece]
    rest: AsyncGenerator[Piece, None]


class Opening:
    """Opens answers of `provider`; `guards_whole_streams`: an answer proves good by its proper end alone."""

    def __init__(self, provider: ChatProvider, *, guards_whole_streams: bool = False) -> None:
        self._provider = provider
        self._proves_good = _has_ended if guards_whole_streams else _says_something
        self._most_pieces = MAX_GUARDED_PIECES if guards_whole_streams else MAX_HELD_PIECES
        self._most_bytes = MAX_GUARDED_BYTES if guards_whole_streams else MAX_HELD_BYTES

    async def open(self, deployment: Deployment, call: ChatCall) -> OpenedAnswer:
        """Hold the answer back until its first content, tool call or finish; where whole ones are held, its end.

        Raises whatever failed before that, 200-then-error and an early end included.
        """
        pieces = self._provider.open(deployment, call)
        held: list[Piece] = []
        held_bytes = 0
        try:
            async for piece in pieces:
                held.append(piece)
                held_bytes += len(piece.raw or b"")
                if (
                    self._proves_good(piece.events)
                    or len(held) >= self._most_pieces
                    or held_bytes >= self._most_bytes
                ):
                    return OpenedAnswer(call, held, pieces)
        except BaseException:
            await pieces.aclose()
            raise
        raise MalformedResponse(
            "expected an answer; the upstream's ended without content or an ending",
            kind=ErrorKind.TRUNCATED,
            provider=deployment.provider,
            model=deployment.model,
        )


def _says_something(events: tuple[StreamEvent, ...]) -> bool:
    """Whether something was said. Raises the error of a Failed event that comes before."""
    for event in events:
        if type(event) in _PROOFS:
            return True
        if isinstance(event, ev.BlockStarted) and event.kind is BlockKind.TOOL_CALL:
            return True
        if isinstance(event, ev.Failed):
            raise event.error
    return False


def _has_ended(events: tuple[StreamEvent, ...]) -> bool:
    """Whether the answer ended properly. Raises the error of one that failed."""
    for event in events:
        if isinstance(event, ev.Failed):
            raise event.error
        if isinstance(event, ev.Ended):
            return True
    return False
