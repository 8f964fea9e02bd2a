"""TCP connections to host names that may have several addresses."""

import asyncio
import socket
from asyncio.staggered import staggered_race
from functools import partial
from itertools import chain, zip_longest
from typing import Final

# RFC 8305 section 5: the recommended delay between attempts.
ATTEMPT_DELAY_S: Final = 0.25

_Address = tuple[int, tuple[str | int, ...] | tuple[int, bytes]]


async def dial(host: str, port: int) -> socket.socket:
    """A connected non-blocking socket: addresses are tried 0.25 s apart, families in turn, the first one wins.

    uvloop's `create_connection` tries addresses only one after the other, so the race is run here for every loop.
    Raises OSError, or UnicodeError for a name that cannot be looked up; on cancellation every attempt is closed.
    """
    addresses = await resolve(host, port)
    if len(addresses) == 1:
        return await _connect(addresses[0])
    winner: socket.socket | None
    winner, _, failures = await staggered_race(
        [partial(_connect, address) for address in addresses], ATTEMPT_DELAY_S
    )
    if winner is None:
        raise next((failure for failure in failures if failure is not None), OSError("no address answered"))
    return winner


async def resolve(host: str, port: int) -> list[_Address]:
    """The addresses of a host, families in turn beginning with the resolver's first choice. Raises as `dial`."""
    found: list[_Address]
    try:  # an address needs no lookup, hence no thread
        numeric = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        found = [(family, address) for family, _, _, _, address in numeric]
    except socket.gaierror:
        found = await _look_up(host, port)
    families: dict[int, list[_Address]] = {}
    for family, address in found:
        families.setdefault(family, []).append((family, address))
    return [address for address in chain.from_iterable(zip_longest(*families.values())) if address is not None]


async def _look_up(host: str, port: int) -> list[_Address]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def _connect(address: _Address) -> socket.socket:
    family, where = address
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(connecting, where)
    except BaseException:
        connecting.close()
        raise
    return connecting
