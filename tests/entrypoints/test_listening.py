import socket
import sys

import pytest

from entrypoints.listening import CannotListen, listen, listen_for_workers


def test_workers_listen_on_one_address() -> None:
    listeners = listen_for_workers("127.0.0.1", 0, 3)
    try:
        assert len(listeners) == 3
        (address,) = {listener.getsockname() for listener in listeners}
        clients = [socket.create_connection(address, timeout=5) for _ in range(60)]
        for client in clients:
            client.close()
        assert [accepted(listener) for listener in set(listeners)].count(0) == 0
    finally:
        for listener in listeners:
            listener.close()


def accepted(listener: socket.socket) -> int:
    """How many connections wait at the listener."""
    number = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
        number += 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is nothing to share")
@pytest.mark.parametrize("workers", [1, 2])
def test_another_gateway_gets_no_share(workers: int) -> None:
    listeners = listen_for_workers("127.0.0.1", 0, workers)
    try:
        for attempt in (
            lambda port: listen("127.0.0.1", port),
            lambda port: listen_for_workers("127.0.0.1", port, 2),
        ):
            with pytest.raises(CannotListen, match="another gateway"):
                attempt(listeners[0].getsockname()[1])
    finally:
        for listener in listeners:
            listener.close()
