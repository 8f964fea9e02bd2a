"""What a message is made of: typed parts, each a pure value."""

from dataclasses import KW_ONLY
from typing import Literal, TypeAlias

from domain.json_types import JSON, NO_EXT, Ext
from domain.values import dataclass

Family: TypeAlias = str
"""Whose opaque values and leftovers these are: `openai`, `anthropic`, `google`, or a provider's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A vendor's signature or encrypted state: never decoded, compared or merged; only its family gets it back."""

    family: Family
    value: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHint:
    """Marks the end of a reusable prompt prefix; `ttl` is `5m`, `30m`, `1h`, `12h` or None for the default."""

    ttl: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source of a text; `start` and `end` are code-point offsets in the owning Text."""

    kind: Literal["url", "file", "doc_char", "doc_page", "doc_block", "search_result"]
    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    end: int | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """Media in the message itself; `base64` is the standard, padded alphabet."""

    media_type: str
    base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """Media at an address."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """Media uploaded to a vendor before; only that vendor can read it."""

    family: Family
    file_id: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainText:
    """A document that is plain text."""

    text: str


Media: TypeAlias = Inline | Url | FileRef | PlainText


@dataclass(frozen=True, slots=True)
class Text:
    """Text somebody wrote."""

    text: str
    _: KW_ONLY
    citations: tuple[Citation, ...] = ()
    cache: CacheHint | None = None
    signature: Opaque | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture; `detail` is OpenAI's auto, low, high or original."""

    source: Media
    detail: str | None = None
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A PDF or text document."""

    source: Media
    filename: str | None = None
    title: str | None = None
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Sound; `audio_format` is `wav`, `mp3` and so on."""

    source: Media
    audio_format: str | None = None
    transcript: str | None = None
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call the model wants made.

    `raw` is the exact text of the arguments (of a custom tool: its free text input). `arguments` is `raw`
    parsed where it is a JSON object, else None; an empty `raw` means no arguments.
    """

    id: str
    name: str
    raw: str
    arguments: JSON = None
    kind: Literal["function", "custom"] = "function"
    signature: Opaque | None = None
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call returned. `name` is the called tool's, resolved from history where it was not given."""

    call_id: str
    parts: tuple["Text | Image | Document", ...]
    name: str | None = None
    is_error: bool = False
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """What the model thought. `signature` lets its family verify a replay; `redacted` has only `signature`."""

    text: str
    form: Literal["summary", "raw"] = "summary"
    signature: Opaque | None = None
    redacted: bool = False
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The model declined, in its own words."""

    text: str
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaquePart:
    """A part only its family understands (server-tool blocks, executable code, …), kept as it came."""

    family: Family
    kind: str
    raw: JSON


Part: TypeAlias = Text | Image | Document | Audio | ToolCall | ToolResult | Reasoning | Refusal | OpaquePart
