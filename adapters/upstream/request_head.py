"""The head of a request as bytes, and the check that nothing in it can be read as something else."""

import re
from typing import Final

from adapters.upstream.failures import place
from adapters.upstream.port import Origin, UpstreamRequest
from domain.errors import MalformedRequest, NotConfigured

# RFC 9110 section 5: a name is a token, a value is visible characters, blanks and obs-text. The five names that
# decide the framing belong to the client.
_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_FRAMING: Final = r"(?i:host|content-length|transfer-encoding|accept-encoding|connection)"
_HEADER: Final = rf"(?!{_FRAMING}:){_WORD}: [\t -~\x80-\xff]*+\r\n"
_HEADER_LINE: Final = re.compile(_HEADER)
_HEADER_BLOCK: Final = re.compile(rf"(?:{_HEADER})*+")
_NAME: Final = re.compile(_WORD)
# RFC 3986 section 3: path and query, percent-encoded.
_TARGET: Final = re.compile(r"/[0-9A-Za-z\-._~!$&'()*+,;=:@/?%]*")
_HOST: Final = re.compile(r"[0-9A-Za-z._~%:-]+")
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
_MAX_REMEMBERED: Final = 64
_MAX_REMEMBERED_BYTES: Final = 4_096
"""Of heads that callers fill with headers of their own, only the small ones are remembered."""


def origin_lines(origin: Origin) -> str:
    """The header lines that every request to this origin carries.

    Raises NotConfigured where the origin is not one that can be spoken to.
    """
    if origin.scheme not in ("http", "https"):
        raise NotConfigured(
            f"the scheme of an upstream must be http or https, not {origin.scheme!r} ({place(origin)!r})"
        )
    if not _HOST.fullmatch(origin.host):
        raise NotConfigured(
            f"the host of an upstream must be a plain ASCII name or address, not {origin.host!r}; "
            f"write international names in their xn-- form"
        )
    return f"Host: {origin.authority}\r\nAccept-Encoding: identity\r\n"


def header_block(request: UpstreamRequest) -> str:
    """The request's own headers as lines.

    Raises MalformedRequest where target, method or a header could be read as something else.
    """
    block = "".join([f"{name}: {value}\r\n" for name, value in request.headers])
    if (
        _HEADER_BLOCK.fullmatch(block) is None
        or block.count("\n") != len(request.headers)
        or _TARGET.fullmatch(request.target) is None
        or _NAME.fullmatch(request.method) is None
    ):
        raise _unclean(request)
    return block


class RequestHeads:
    """The heads of requests to one origin. What is alike in those of one deployment is written and checked once.

    Raises NotConfigured where the origin is not one that can be spoken to.
    """

    __slots__ = ("_lines", "_openings")

    def __init__(self, origin: Origin) -> None:
        self._lines = origin_lines(origin)
        self._openings: dict[tuple[str, str, tuple[tuple[str, str], ...]], bytes] = {}

    def of(self, request: UpstreamRequest) -> bytes:
        """Request line and headers, up to and with the empty line. Raises MalformedRequest as `header_block`."""
        key = request.method, request.target, request.headers
        opening = self._openings.get(key)
        if opening is None:
            opening = f"{request.method} {request.target} HTTP/1.1\r\n{self._lines}{header_block(request)}".encode(
                "latin-1"
            )
            if len(opening) <= _MAX_REMEMBERED_BYTES:
                if len(self._openings) >= _MAX_REMEMBERED:
                    self._openings.clear()
                self._openings[key] = opening
        if request.body or request.method in _BODY_METHODS:
            return b"%bContent-Length: %d\r\n\r\n" % (opening, len(request.body))
        return opening + b"\r\n"


def _unclean(request: UpstreamRequest) -> MalformedRequest:
    where = place(request.origin)
    for name, value in request.headers:
        if _HEADER_LINE.fullmatch(f"{name}: {value}\r\n"):
            continue
        if not _NAME.fullmatch(name):
            return MalformedRequest(f"a header name for {where} is not a token of RFC 9110; it was not sent")
        if re.fullmatch(_FRAMING, name):
            return MalformedRequest(f"header {name} for {where} is set by the gateway itself; remove it")
        return MalformedRequest(
            f"header {name} for {where} must hold printable Latin-1 text without line breaks; it was not sent"
        )
    return MalformedRequest(
        f"the path and query for {where} must begin with a slash and be percent-encoded, the method be one word"
    )
