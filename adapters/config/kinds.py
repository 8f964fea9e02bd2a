"""What a value may be: each kind reads one node of the located tree, or says what it should have been.

Text is read as a number or a boolean where that is what the key takes and the text is nothing else, so that
`rpm: ${RPM:-60}` means a number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from adapters.config.mistakes import Location
from adapters.config.nodes import Items, Node, Scalar, Table, plain
from adapters.config.secrecy import holds_secret
from domain.json_types import JSON


class Unfit(Exception):
    """A value of another kind. `came` says what it is instead, without showing it."""

    def __init__(self, came: str, location: Location | None = None) -> None:
        super().__init__(came)
        self.came = came
        self.location = location


class Broken(Exception):
    """A value about which a mistake was reported already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`expected` completes "must be …"; `read` gives the plain value or raises Unfit or Broken."""

    expected: str
    read: Callable[[Node], JSON]


_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_MESSAGE_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "upgrade", "te", "trailer"}
)
_ORIGIN: Final = re.compile(r"\*|https?://[^/\s?#@]+", re.IGNORECASE)


def describe(node: Node) -> str:
    """What came, in words that show no value."""
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    if node.sources:
        return f"the text in ${', $'.join(node.sources)}"
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text" if node.value else "empty text"


def as_number(text: str) -> int | float | None:
    """The number that the text is, or None if it is anything else."""
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def as_truth(text: str) -> bool | None:
    """The boolean that the text is, or None if it is anything else."""
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _scalar(node: Node) -> Scalar:
    if not isinstance(node, Scalar):
        raise Unfit(describe(node))
    if node.broken:
        raise Broken
    return node


def _prose(node: Node) -> str:
    scalar = _scalar(node)
    if isinstance(scalar.value, str):
        return scalar.value
    quoted = "; quote it" if scalar.value is not None else ""
    raise Unfit(describe(node) + quoted)


def _line(node: Node) -> str:
    text = _prose(node)
    if _CONTROL.search(text):
        raise Unfit("text with a line break or another control character")
    return text


def _text(node: Node) -> str:
    text = _line(node)
    if not text.strip():
        raise Unfit("empty text")
    return text


def _credential(node: Node) -> str:
    text = _line(node)
    if not text.isascii():
        raise Unfit("text with a character that no HTTP header can carry")
    return text.strip()


def _truth(node: Node) -> bool:
    scalar = _scalar(node)
    truth = as_truth(scalar.value) if isinstance(scalar.value, str) else scalar.value
    if isinstance(truth, bool):
        return truth
    raise Unfit(describe(node))


def number(node: Node) -> int | float:
    """Any number."""
    scalar = _scalar(node)
    value = as_number(scalar.value.strip()) if isinstance(scalar.value, str) else scalar.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(describe(node))
    return value


def integer(node: Node) -> int:
    """Any whole number."""
    value = number(node)
    if value != int(value):
        raise Unfit("a fraction")
    return int(value)


def _not_negative(node: Node) -> int | float:
    value = number(node)
    if value < 0:
        raise Unfit("a negative number")
    return value


def _positive(node: Node) -> float:
    value = number(node)
    if value <= 0:
        raise Unfit("zero or less")
    return _float(value)


def _count(node: Node) -> int:
    _not_negative(node)
    return integer(node)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        raise Unfit("a number too large") from None


def _words(node: Node) -> list[str]:
    if not isinstance(node, Items):
        if isinstance(node, Scalar) and node.broken:
            raise Broken
        raise Unfit(describe(node))
    words: list[str] = []
    for item in node.items:
        try:
            words.append(_text(item))
        except Unfit as unfit:
            raise Unfit(f"a list with {unfit.came}", item.location) from None
    return words


def _origins(node: Node) -> list[str]:
    for origin in (origins := _words(node)):
        if not _ORIGIN.fullmatch(origin):
            raise Unfit("a list with text of another form")
    return [origin.lower() for origin in origins]


def _base_url(node: Node) -> str | None:
    text = _line(node).strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or " " in text:
        raise Unfit(f"{describe(node)} of another form")
    return text


def _tls(node: Node) -> bool | str:
    scalar = _scalar(node)
    if isinstance(scalar.value, str) and as_truth(scalar.value) is None:
        return _text(node)
    return _truth(node)


def _header_name(node: Node) -> str:
    name = _text(node)
    if not _HEADER_NAME.fullmatch(name):
        raise Unfit("text with a character that no header's name can hold")
    return name


def _headers(node: Node) -> dict[str, dict[str, JSON]]:
    """Name to `{value, secret}`: whether it is a credential is decided where the name and sources are known."""
    headers: dict[str, dict[str, JSON]] = {}
    for name, entry in _table(node).entries.items():
        if not _HEADER_NAME.fullmatch(name):
            raise Unfit("a mapping with a key that is no header name", entry.location)
        if name.lower() in _MESSAGE_HEADERS:
            raise Unfit(f"one with '{name}', which the gateway sets itself", entry.location)
        if not isinstance(entry.value, Scalar) or (entry.value.value is None and not entry.value.broken):
            raise Unfit(f"one where '{name}' is {describe(entry.value)}", entry.location)
        scalar = _scalar(entry.value)
        if _CONTROL.search(scalar.text) or not scalar.text.isascii():
            raise Unfit(f"one where '{name}' has a line break or a character that cannot be sent", entry.location)
        secret = any(map(holds_secret, (name, *scalar.sources)))
        headers[name] = {"value": scalar.text.strip(), "secret": secret}
    return headers


def _table(node: Node) -> Table:
    if isinstance(node, Table):
        return node
    if isinstance(node, Scalar) and node.broken:
        raise Broken
    raise Unfit(describe(node))


def _object(node: Node) -> JSON:
    return plain(_table(node))


def one_of(*words: str) -> Kind:
    """One of the given words, in any case."""

    def read(node: Node) -> str:
        word = _text(node).lower()
        if word not in words:
            raise Unfit(f"{describe(node)} of another meaning")
        return word

    return Kind(expected=f"one of {', '.join(words)}", read=read)


TEXT: Final = Kind(expected="text", read=_text)
PROSE: Final = Kind(expected="text", read=_prose)
CREDENTIAL: Final = Kind(expected="text without line breaks", read=_credential)
TRUTH: Final = Kind(expected="true or false", read=_truth)
COUNT: Final = Kind(expected="a whole number, zero or more", read=_count)
NUMBER: Final = Kind(expected="a number, zero or more", read=lambda node: _float(_not_negative(node)))
SECONDS: Final = Kind(expected="a number of seconds above zero", read=_positive)
MEGABYTES: Final = Kind(expected="a number of megabytes above zero", read=_positive)
WORDS: Final = Kind(expected="a list of words", read=_words)
ORIGINS: Final = Kind(expected="a list of origins such as https://app.example.com, or '*'", read=_origins)
BASE_URL: Final = Kind(expected="a URL that begins with http:// or https://", read=_base_url)
TLS: Final = Kind(expected="true, false, or the path of a file with certificates", read=_tls)
HEADER_NAME: Final = Kind(expected="the name of a header", read=_header_name)
HEADERS: Final = Kind(expected="a mapping of header names to text", read=_headers)
OBJECT: Final = Kind(expected="a mapping", read=_object)
NESTED: Final = Kind(expected="a mapping", read=_table)
