"""What every model-calling route does first."""

import re
from typing import Final

from adapters.http.access import AccessPolicy
from adapters.http.inbound import Inbound
from domain.errors import MalformedRequest

_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([^\s;\"']*)", re.IGNORECASE)
_JSON: Final = "application/json"
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Reception:
    """Admits callers by the credentials of their route, and takes their bodies in, up to `max_body_bytes`."""

    def __init__(self, access: AccessPolicy, *, max_body_bytes: int) -> None:
        self._access = access
        self._max_body_bytes = max_body_bytes

    async def body(self, inbound: Inbound) -> bytes:
        """The body of a request that may come in; nothing of it is read before that is sure.

        Raises AccessErrors, RequestTooLarge, MalformedRequest (a coding or charset that is not known), ClientGone.
        """
        exchange = inbound.exchange
        self._access.admit(exchange.headers, inbound.credentials, exchange.query)
        body = await exchange.read_body(self._max_body_bytes)
        content_type = exchange.headers.get("content-type", _JSON)
        if content_type != _JSON:
            _check_charset(content_type)
        return body


def _check_charset(content_type: str) -> None:
    named = _CHARSET.search(content_type)
    if named is not None and named[1].lower() not in _CHARSETS:
        raise MalformedRequest("expected a body in UTF-8; content-type names another charset")
