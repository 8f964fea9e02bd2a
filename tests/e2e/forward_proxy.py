"""A forward proxy on a loopback port: tunnels by CONNECT, hands absolute-form requests on, and keeps a record."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Proxy(socketserver.ThreadingTCPServer):
    """`asked` holds the first words of each connection: method and target."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        client: socket.socket = self.request
        head = client.recv(65_536)
        method, target = head.split(b" ", 2)[:2]
        self.server.asked.append((method.decode(), target.decode()))
        authority = target.decode() if method == b"CONNECT" else urlsplit(target.decode()).netloc
        host, _, port = authority.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as origin:
            if method == b"CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                origin.sendall(head)
            back = threading.Thread(target=_pump, args=(origin, client), daemon=True)
            back.start()
            _pump(client, origin)
            back.join(10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def running_proxy() -> Iterator[Proxy]:
    """The proxy, listening until the block ends."""
    with Proxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join(10)
