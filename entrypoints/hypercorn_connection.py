"""Hypercorn's connections, ended at once when nobody is there any more."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import Final

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Event, Updated

_READ_BY: Final[Mapping[str, frozenset[str]]] = {
    "__init__": frozenset({"AsyncioSingleTask", "idle_task"}),
    "run": frozenset({"TaskGroup", "idle_task", "restart", "_idle_timeout", "_read_data", "_close"}),
    "protocol_send": frozenset({"Updated", "idle", "idle_task", "restart", "_idle_timeout", "stop"}),
    "_read_data": frozenset({"reader", "at_eof", "protocol", "handle", "Closed"}),
    "_close": frozenset({"writer", "close", "wait_closed"}),
}
"""The methods that are overridden or relied upon, with the names that their code works with."""


class ClosingConnection(TCPServer):
    """A connection that does not idle once its client has closed it.

    Hypercorn ends a connection when all its tasks are over, and one of them waits for the end of the keep-alive,
    whether or not a client is left that could send another request.
    """

    _is_read = False

    async def _read_data(self) -> None:
        await super()._read_data()
        self._is_read = True
        await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        if self._is_read and isinstance(event, Updated):
            return  # an answer was under way; when it is over there is nothing to wait for
        await super().protocol_send(event)


@contextmanager
def closing_connections() -> Iterator[None]:
    """Within this, Hypercorn's connections are such, unless its own are not the ones that are known here."""
    names = vars(run)  # where the server looks its class of connections up, for which there is no setting
    stock = names["TCPServer"]
    if fits(stock):
        names["TCPServer"] = ClosingConnection
    try:
        yield
    finally:
        names["TCPServer"] = stock


def fits(connection: type) -> bool:
    """Whether `connection` does with the same attributes, in the same methods, what ClosingConnection expects."""
    for method, names in _READ_BY.items():
        code = getattr(getattr(connection, method, None), "__code__", None)
        if not isinstance(code, CodeType) or not names <= {*code.co_names}:
            return False
    return True
