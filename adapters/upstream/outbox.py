"""Requests of one turn of the event loop, sent together at its end."""

from asyncio import AbstractEventLoop
from typing import Protocol


class Sender(Protocol):
    """A connection with something to send."""

    def post(self) -> None:
        """Send it, if it is still wanted."""
        ...


class Outbox:
    """Has senders post when the loop's turn ends.

    A write wakes the upstream, which costs more than the request itself; sent one after the other, requests find
    it awake. Measured with nginx on loopback: 12 of 145 µs a request.
    """

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Sender] = []

    def add(self, sender: Sender) -> None:
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(sender)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for sender in waiting:
            sender.post()
