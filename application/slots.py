"""Calls that wait for a deployment to have a free slot."""

import asyncio
from collections import deque
from collections.abc import Sequence

from domain.routing.group import Member


class Slots:
    """Hands each slot that becomes free to the call that waited for it first; nobody else takes it meanwhile.

    Every waiting call holds a connection of its client's, which are bounded, so this is too.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[Member]]] = {}
        self.are_awaited = False
        """Whether any call ever waited: most gateways have no limits, and need not be told what is free."""

    async def wait(self, members: Sequence[Member], seconds: float) -> Member | None:
        """The one of `members` that has a free slot now; None after `seconds`.

        The slot is free to everybody once the caller lets others run: it takes it before, or tells `freed` of it.
        """
        handed: asyncio.Future[Member] = asyncio.get_running_loop().create_future()
        self.are_awaited = True
        queues = [self._waiting.setdefault(member.deployment.id, deque()) for member in members]
        for queue in queues:
            queue.append(handed)
        try:
            async with asyncio.timeout(seconds):
                await handed
        except TimeoutError:
            pass
        except BaseException:
            member = _taken(handed)
            if member is not None:
                self.freed(member)
            raise
        finally:
            for queue in queues:
                queue.remove(handed)
        return _taken(handed)

    def freed(self, member: Member) -> None:
        """A call to `member` is over, or a slot that was handed to it is not needed."""
        standing, most = member.standing, member.deployment.max_parallel_requests
        for handed in self._waiting.get(member.deployment.id, ()):
            if not handed.done():
                if most is None or standing.in_flight + standing.promised < most:
                    standing.promised += 1
                    handed.set_result(member)
                return


def _taken(handed: asyncio.Future[Member]) -> Member | None:
    """Whose slot was handed over, be it in the moment in which the wait for it ended."""
    if not handed.done() or handed.cancelled():
        return None
    member = handed.result()
    member.standing.promised -= 1
    return member
