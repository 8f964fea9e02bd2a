"""Content blocks of requests → canonical parts.

Source: https://platform.claude.com/docs/en/api/messages (2026-11). Blocks that only Anthropic's models understand,
those of its own tools and those that came after this was written, are kept as they are.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.media_parsing import parse_document, parse_image
from adapters.dialects.anthropic_messages.members import Members, malformed
from adapters.dialects.anthropic_messages.response import citation_of
from adapters.dialects.anthropic_messages.vocabulary import (
    FAMILY,
    MARKED,
    RAW_ARGUMENTS,
    Block,
    compact,
)
from adapters.dialects.leftovers import AS_WRITTEN
from adapters.dialects.sealed import is_sealed
from domain.chat.content import (
    CacheHint,
    Citation,
    Document,
    Image,
    OpaquePart,
    Part,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.json_arguments import parse_arguments
from domain.json_types import JSON, NO_EXT

_TTLS: Final = frozenset({None, "5m", "1h"})
_TYPE_AND_TEXT: Final = 2
"""How many members a text block has that says nothing else."""


def parse_blocks(value: JSON, path: str) -> list[tuple[str, Block, str]]:
    """The blocks of a content list with their types and paths. Raises MalformedRequest where they are none."""
    if not isinstance(value, list):
        raise malformed(path, "a string or a list of content blocks", value)
    blocks = []
    for index, block in enumerate(value):
        at = f"{path}[{index}]"
        if not isinstance(block, dict):
            raise malformed(at, "a content block", block)
        kind = block.get("type")
        if not isinstance(kind, str):
            raise malformed(f"{at}.type", "a string", kind)
        blocks.append((kind, block, at))
    return blocks


def parse_spoken(kind: str, block: Block, path: str) -> Part:
    """A block of a user's or the system's message."""
    parse = _SPOKEN.get(kind, _opaque)
    return parse(block, path)


def bare_text(text: str) -> Text:
    """Content that was written as a string."""
    return Text(text, ext=MARKED)


def plain_text(block: JSON) -> Text | None:
    """A text block that has nothing but its text; None for any other."""
    if not isinstance(block, dict) or len(block) != _TYPE_AND_TEXT or block.get("type") != "text":
        return None
    text = block.get("text")
    return Text(text) if isinstance(text, str) else None


def parse_text(block: Block, path: str) -> Text:
    """A text block."""
    plain = plain_text(block)
    if plain is not None:
        return plain
    members = _members(block, path)
    text, citations, cache = members.need_text("text"), _citations(members), take_cache(members)
    return Text(text, citations=citations, cache=cache, ext=members.leftovers())


def parse_tool_use(block: Block, path: str) -> ToolCall:
    """A call of one of the caller's tools; arguments that the gateway had to wrap are unwrapped."""
    members = _members(block, path)
    call_id, name, arguments = members.need_text("id"), members.need_text("name"), members.need_object("input")
    wrapped = arguments.get(RAW_ARGUMENTS) if len(arguments) == 1 else None
    cut = isinstance(wrapped, str) and parse_arguments(wrapped) is None
    cache = take_cache(members)
    return ToolCall(
        id=call_id,
        name=name,
        raw=str(wrapped) if cut else compact(arguments),
        arguments=None if cut else arguments,
        cache=cache,
        ext=members.leftovers(),
    )


def parse_search_result(block: Block, path: str) -> Text:
    """A search result as the text that it is to models without a word for it; the block itself beside it."""
    members = _members(block, path)
    source, title = members.need_text("source"), members.need_text("title")
    inner = parse_blocks(members.take("content"), members.at("content"))
    said = "\n".join(parse_text(*one[1:]).text for one in inner if one[0] == "text")
    cache = take_cache(members)
    return Text(f"[{title}]({source})\n{said}", cache=cache, ext={FAMILY: {AS_WRITTEN: block}})


def take_cache(block: Members) -> CacheHint | None:
    """The breakpoint on a block; one that says more than how long it holds is left over beside its hint."""
    control = block.take("cache_control")
    if control is None:
        return None
    members = Members(control, block.at("cache_control"))
    kind, ttl = members.take("type"), members.take_text("ttl")
    if kind != "ephemeral" or ttl not in _TTLS or members.left():
        block.put_back("cache_control", control)
    return CacheHint(ttl=ttl)


def opaque(kind: str, block: Block) -> OpaquePart:
    """A block that only Anthropic's models understand."""
    return OpaquePart(family=FAMILY, kind=kind, raw=block)


def _opaque(block: Block, _path: str) -> OpaquePart:
    return opaque(block["type"], block)


def _members(block: Block, path: str) -> Members:
    """The members of a block without its type, which is known."""
    members = Members(block, path)
    members.take("type")
    return members


def _citations(block: Members) -> tuple[Citation, ...]:
    """The citations of a text; all are left over where one is of a kind that came after this was written."""
    given = block.take_list("citations")
    citations = [citation_of(location) for location in given]
    if None in citations:
        block.put_back("citations", given)
        return ()
    return tuple(map(_opened, filter(None, citations)))


def _opened(citation: Citation) -> Citation:
    """A citation that the gateway made for another vendor's answer is no location that Anthropic would know."""
    index = citation.ext[FAMILY].get("encrypted_index")
    if not (isinstance(index, str) and is_sealed(index)):
        return citation
    return Citation(kind="url", url=citation.url, title=citation.title, cited_text=citation.cited_text, ext=NO_EXT)


def _image(block: Block, path: str) -> Part:
    members = _members(block, path)
    return parse_image(members, take_cache(members)) or _opaque(block, path)


def _document(block: Block, path: str) -> Part:
    members = _members(block, path)
    return parse_document(members, take_cache(members)) or _opaque(block, path)


def _tool_result(block: Block, path: str) -> Part:
    members = _members(block, path)
    call_id, is_error = members.need_text("tool_use_id"), members.take_flag("is_error")
    if is_error is False:
        members.put_back("is_error", is_error)
    content, at = members.take("content"), members.at("content")
    if content == []:
        members.put_back("content", content)
    cache = take_cache(members)
    return ToolResult(
        call_id=call_id,
        parts=_result_parts(content, at),
        is_error=bool(is_error),
        cache=cache,
        ext=members.leftovers(),
    )


def _result_parts(content: JSON, path: str) -> tuple[Text | Image | Document, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (bare_text(content),)
    parts: list[Text | Image | Document] = []
    for kind, block, at in parse_blocks(content, path):
        part = parse_spoken(kind, block, at) if kind in _IN_RESULTS else None
        if isinstance(part, (Text, Image, Document)):
            parts.append(part)
        else:  # a tool reference, a browser's state: another model can read what it says
            parts.append(Text(compact(block), ext={FAMILY: {AS_WRITTEN: block}}))
    return tuple(parts)


_IN_RESULTS: Final = frozenset({"text", "image", "document", "search_result"})
_SPOKEN: Final[Mapping[str, Callable[[Block, str], Part]]] = MappingProxyType(
    {
        "text": parse_text,
        "image": _image,
        "document": _document,
        "search_result": parse_search_result,
        "tool_result": _tool_result,
    }
)
