"""The listening socket: bound here, so that a port in use is one sentence and any server can serve it."""

import socket
import sys
from pathlib import Path
from typing import Final

BACKLOG: Final = 2048
"""How many connections may wait to be accepted."""


class CannotServe(Exception):
    """The gateway cannot serve; the message is for the operator."""


class CannotListen(CannotServe):
    """The address cannot be listened on, or not with these certificates."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port` (0 = any free one). Raises CannotListen."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = infos[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as refused:
        raise CannotListen(f"cannot listen on {host}:{port}: {refused.strerror}") from None
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: SO_REUSEADDR there would share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as refused:
        listener.close()
        hint = "; is another gateway running? Choose another with --bind" if "in use" in str(refused) else ""
        raise CannotListen(f"cannot listen on {host}:{port}: {refused.strerror}{hint}") from None
    listener.setblocking(False)
    return listener


def listen_for_workers(host: str, port: int, workers: int) -> tuple[socket.socket, ...]:
    """A socket for each worker, all on one address; where the system does not share connections out, one for all.

    On Linux, SO_REUSEPORT shares them out. Measured on 2 cores, connections per worker:

    | workers | load                         | SO_REUSEPORT        | one socket for all                  |
    |---------|------------------------------|---------------------|-------------------------------------|
    | 2       | 10,000 short, 32 at a time   | 5002 4998           | 5234 4766                           |
    | 4       | 10,000 short, 32 at a time   | 2570 2488 2479 2463 | 2670 2615 2403 2312                 |
    | 4       | 2,000 short, one at a time   | 532 515 486 467     | 708 693 522 77                      |
    | 2       | 64 kept, opened at once      | 33 31 to 38 26      | 33 31 to 41 23                      |
    | 4       | 64 kept, opened at once      | 19 16 15 14 to 25 17 13 9 | 24 20 12 8 to 64 0 0 0        |
    | 4       | 64 kept, one after the other | 20 15 15 14 to 22 18 15 9 | 19 18 17 10 to 26 18 16 4     |

    Whoever wakes first takes all that waits at the one socket, so that kept connections may all end up with one
    worker. The supervisor holds every socket, so that what waits at one survives its worker.
    """
    first = listen(host, port)
    if sys.platform != "linux":
        return (first,) * workers
    return (first, *(_beside(first) for _ in range(workers - 1)))


def _beside(first: socket.socket) -> socket.socket:
    """A further socket that listens where `first` does: connections are shared out among them."""
    # Set once the address is ours alone: set before, it would let us in beside another gateway.
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    further = socket.socket(first.family, first.type, first.proto)
    further.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    further.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    further.bind(first.getsockname())
    further.listen(BACKLOG)
    further.setblocking(False)
    return further


def check_certificate(chain: Path, key: Path) -> None:
    """Raises CannotListen where TLS cannot be served with these PEM files."""
    import ssl  # noqa: PLC0415 - only who serves TLS pays for it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=_no_password)
    except (OSError, ValueError) as refused:
        reason = refused.strerror or refused if isinstance(refused, OSError) else refused
        raise CannotListen(
            f"cannot serve TLS with {chain} and {key}: {reason}; expected a PEM certificate chain and its key"
            " without a password"
        ) from None


def _no_password() -> str:
    """OpenSSL would ask the terminal."""
    return ""


def base_url(listener: socket.socket, *, tls: bool) -> str:
    """The URL under which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    return f"{'https' if tls else 'http'}://{shown}:{port}"
