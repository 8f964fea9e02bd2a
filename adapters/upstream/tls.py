"""How the certificates of upstreams are checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import NotConfigured

if TYPE_CHECKING:
    from ssl import SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """What to trust.

    verify:      False accepts any certificate (`ssl_verify: false`).
    ca_file:     a PEM bundle to trust instead of the system's store and Mozilla's list (`SSL_CERT_FILE`,
                 `ssl_verify: /path`).
    """

    verify: bool = True
    ca_file: str | None = None


class LazySslContext:
    """The `SSLContext` of some settings, built when the first https origin needs it.

    A context takes some 20 ms and a few MB, which a gateway of http:// upstreams should not pay.
    """

    __slots__ = ("_alpn", "_context", "_settings")

    def __init__(self, settings: TlsSettings, *, alpn: Sequence[str] = ("http/1.1",)) -> None:
        self._settings = settings
        self._alpn = alpn
        self._context: SSLContext | None = None

    def get(self) -> "SSLContext":
        """The context. Raises NotConfigured where a file cannot be read."""
        if self._context is None:
            self._context = build_ssl_context(self._settings)
            self._context.set_alpn_protocols(self._alpn)
        return self._context


def build_ssl_context(settings: TlsSettings) -> "SSLContext":
    """A client's context for the settings. Raises NotConfigured where a file cannot be read as PEM."""
    import ssl  # noqa: PLC0415 - only who speaks TLS pays for it

    if not settings.verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings.ca_file is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cafile=settings.ca_file)
        except OSError as error:
            raise NotConfigured(
                f"the CA bundle {settings.ca_file!r} cannot be read as PEM; check the path and the file"
            ) from error
    else:
        import certifi  # noqa: PLC0415 - only where no bundle was named

        context = ssl.create_default_context()
        context.load_verify_locations(cafile=certifi.where())
    return context
