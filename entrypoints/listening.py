"""The listening socket: bound here, so that a port in use is one sentence and any server can serve it."""

import socket
from pathlib import Path


class CannotListen(Exception):
    """The address cannot be listened on; the message is for the operator."""


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
        listener.listen(2048)
    except OSError as refused:
        listener.close()
        hint = "; is another gateway running? Choose another with --bind" if "in use" in str(refused) else ""
        raise CannotListen(f"cannot listen on {host}:{port}: {refused.strerror}{hint}") from None
    listener.setblocking(False)
    return listener


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
