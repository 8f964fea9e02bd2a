"""Estimates by shape: what counts, what never counts, and how sizes of pictures are read."""

import base64
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Message,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.models.media_tokens import picture_size
from domain.models.token_estimate import estimate_text, estimate_tokens

FAMILIES = ("openai", "anthropic", "google", "mistral")
WORDS = "The quick brown fox jumps over the lazy dog."
CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Where it is"}}}


def asked(*parts: Part, model: str = "m", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=(Message(role=Role.USER, parts=parts),), **fields)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def png(width: int, height: int, *, noise: int = 0) -> str:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return base64_of(b"\x89PNG\r\n\x1a\n" + chunk + bytes(noise))


@given(st.text(), st.text(), st.sampled_from(FAMILIES))
def test_more_text_is_more_tokens(text: str, more: str, family: str) -> None:
    """Two texts apart count as together, but for the seam; nothing counts below zero."""
    both = estimate_text(text + " " + more, family)
    apart = estimate_text(text, family) + estimate_text(more, family)
    assert 0 <= both <= apart + 5
    assert estimate_tokens(asked(Text(text=text)), family) >= 1


@given(st.text(st.characters(codec=None), max_size=40))
def test_every_text_can_be_counted(text: str) -> None:
    """Lone surrogates too."""
    assert estimate_text(text, "openai") <= 4 * len(text) + 1


@pytest.mark.parametrize(
    ("text", "fewest", "most"),
    [
        ("", 0, 0),
        (WORDS, 9, 12),
        ("hello", 1, 2),
        ("2026-11-22", 4, 12),
        ("getWeatherForCity", 2, 5),
        ("的是不我一有大在人了", 6, 12),
        ("Съешь же ещё этих мягких французских булок", 9, 30),
        ("🎉🎉🎉", 3, 10),
        ("a" * 80, 2, 12),
        ("\n\n\n\n", 1, 4),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_texts(text: str, fewest: int, most: int, family: str) -> None:
    assert fewest <= estimate_text(text, family, "claude-sonnet-4-5") <= most


def test_newer_vocabularies_cut_finer() -> None:
    assert estimate_text(WORDS * 20, "anthropic", "claude-opus-4-8") > estimate_text(
        WORDS * 20, "anthropic", "claude-sonnet-4-5"
    )
    assert estimate_text(WORDS, "google", "models/gemini-2.5-pro") == estimate_text(
        WORDS, "google", "gemini-2.5-pro"
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [Image, Document, Audio])
def test_base64_is_never_text(family: str, kind: type[Image | Document | Audio]) -> None:
    """A picture of a megabyte costs what its size in pixels says; a document and a sound by the page and second."""
    media_type = {Image: "image/png", Document: "application/pdf", Audio: "audio/wav"}[kind]
    source = Inline(media_type=media_type, base64=png(640, 480, noise=1_000_000))
    tokens = estimate_tokens(asked(kind(source=source), model="gpt-4o"), family)
    assert tokens < 50_000
    assert len(source.base64) > 20 * tokens


@pytest.mark.parametrize(
    ("family", "model", "tokens"),
    [
        ("openai", "gpt-4o", 425),
        ("openai", "gpt-4o-mini", 14_167),
        ("openai", "gpt-5", 350),
        ("openai", "gpt-5-mini", 360),
        ("openai", "o4-mini", 516),
        ("anthropic", "claude-sonnet-4-5", 410),
        ("google", "gemini-2.5-flash", 258),
        ("google", "gemini-3-pro", 1_090),
    ],
)
def test_a_picture_of_640_by_480(family: str, model: str, tokens: int) -> None:
    """As the vendors counted recorded ones."""
    picture = Image(source=Inline(media_type="image/png", base64=png(640, 480)))
    empty = estimate_tokens(asked(model=model), family)
    assert estimate_tokens(asked(picture, model=model), family) - empty == pytest.approx(tokens, abs=2)


def test_details_and_addresses() -> None:
    plain = estimate_tokens(asked(model="gpt-4o"), "openai")
    low = Image(source=Url(url="https://example.com/" + "x" * 2_000), detail="low")
    assert estimate_tokens(asked(low, model="gpt-4o"), "openai") - plain == pytest.approx(85, abs=1)
    for source in (Url(url="https://example.com/a.png"), FileRef(family="openai", file_id="file-1")):
        for part in (Image(source=source), Document(source=source), Audio(source=source)):
            assert 100 < estimate_tokens(asked(part, model="gpt-4o"), "openai") < 2_000


@given(st.integers(1, 65_535), st.integers(1, 65_535))
def test_sizes_of_pictures(width: int, height: int) -> None:
    size = struct.pack(">HH", height, width)
    app = b"\xff\xe1" + struct.pack(">H", 40) + bytes(38)
    little = struct.pack("<HH", width, height)
    less = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    lossless = (((height - 1) & 0x3FFF) << 14 | ((width - 1) & 0x3FFF)).to_bytes(4, "little")
    riff = b"RIFF\0\0\0\0WEBP"
    assert picture_size(png(width, height)) == (width, height)
    assert picture_size(base64_of(b"GIF89a" + little + bytes(9))) == (width, height)
    assert picture_size(base64_of(b"\xff\xd8" + app + b"\xff\xff\xc0\0\x11\x08" + size + bytes(9))) == (
        width,
        height,
    )
    assert picture_size(base64_of(riff + b"VP8X" + bytes(8) + less)) == (width, height)
    if width <= 0x3FFF and height <= 0x3FFF:
        assert picture_size(base64_of(riff + b"VP8 " + bytes(10) + little)) == (width, height)
        assert picture_size(base64_of(riff + b"VP8L" + bytes(5) + lossless + bytes(5))) == (width, height)


@given(
    st.binary(max_size=60), st.sampled_from((b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBP", b"GIF8"))
)
def test_no_picture_breaks_the_estimate(data: bytes, start: bytes) -> None:
    """Whatever the bytes, and whether base64 or not, an estimate comes of it."""
    for payload in (base64_of(start + data), base64_of(start + data)[:-3], "no base64!"):
        part = Image(source=Inline(media_type="image/png", base64=payload))
        assert estimate_tokens(asked(part, model="gpt-4o"), "openai") >= 1


def tokens_of(*parts: Part, family: str = "openai", **fields: Any) -> int:
    return estimate_tokens(asked(*parts, **fields), family)


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_said_counts(family: str) -> None:
    nothing = tokens_of(family=family)
    arguments = '{"city": "Paris", "days": [1, 2, 3]}'
    for part in (
        Text(text=WORDS),
        Refusal(text=WORDS),
        Document(source=PlainText(text=WORDS)),
        ToolCall(id="c", name="get_weather", raw=arguments),
        ToolResult(call_id="c", parts=(Text(text=WORDS),)),
        OpaquePart(family=family, kind="web_search_tool_result", raw={"title": [WORDS], "count": 1}),
    ):
        assert tokens_of(part, family=family) >= nothing + 5, type(part)
    assert tokens_of(OpaquePart(family="another", kind="x", raw={"text": WORDS}), family=family) == nothing


def test_encoded_bytes_in_opaque_parts_are_no_text() -> None:
    sealed = OpaquePart(family="anthropic", kind="redacted_thinking", raw={"data": "A" * 4_000})
    assert tokens_of(sealed, family="anthropic") == tokens_of(family="anthropic")


def test_thoughts_count_where_they_are_read_again() -> None:
    """Google's sealed thoughts do; OpenAI's until the user says more; another vendor's nowhere."""
    seal = Opaque(family="google", value="x" * 1_000)
    call = ToolCall(id="c", name="f", raw="{}", signature=seal)
    unsigned = ToolCall(id="c", name="f", raw="{}")
    assert tokens_of(call, family="google") - tokens_of(unsigned, family="google") == 150
    assert tokens_of(call, family="openai") == tokens_of(unsigned, family="openai")
    thought = Reasoning(text=WORDS, signature=Opaque(family="openai", value="x" * 1_800))
    question = Message(role=Role.USER, parts=(Text(text="?"),))
    loop = (question, Message(role=Role.ASSISTANT, parts=(thought,)))
    kept = ChatRequest(model="gpt-5", messages=(*loop, replace(question, role=Role.TOOL)))
    forgotten = ChatRequest(model="gpt-5", messages=(*loop, question))
    assert estimate_tokens(kept, "openai") - estimate_tokens(forgotten, "openai") == 130


@pytest.mark.parametrize("family", ["openai", "anthropic"])
def test_tools_and_schemas(family: str) -> None:
    nothing = tokens_of(family=family)
    tool = Tool(name="get_weather", description="The weather of a city", parameters=CITY)
    one = tokens_of(family=family, tools=(tool,))
    assert one > nothing + 10
    assert tokens_of(family=family, tools=(tool, tool)) > one + 10
    assert tokens_of(family=family, tools=(BuiltinTool(kind="web_search", native_type="web_search"),)) > nothing
    schema = {"type": "object", "$defs": {"City": CITY}, "anyOf": [CITY], "enum": ["a", "b"], "minimum": 1}
    wanted = ResponseFormat(kind="json_schema", schema=schema)
    assert tokens_of(family=family, response_format=wanted) > nothing + 20
    assert tokens_of(family=family, response_format=ResponseFormat(kind="json_object")) == nothing


def test_what_vendors_add_out_of_sight() -> None:
    tool = Tool(name="f")
    forced = ToolChoice(mode=ToolMode.REQUIRED)
    claude = "claude-sonnet-4-5"
    offered = tokens_of(family="anthropic", model=claude, tools=(tool,))
    assert offered > 400
    assert tokens_of(family="anthropic", model=claude, tools=(tool,), tool_choice=forced) > offered
    plain = tokens_of(family="anthropic", model=claude)
    assert tokens_of(family="anthropic", model=claude, reasoning=ReasoningSettings(budget_tokens=2_000)) > plain
    by_chat = tokens_of(family="openai", model="gpt-5", tools=(tool,), source="openai_chat")
    assert by_chat > tokens_of(family="openai", model="gpt-5", tools=(tool,), source="openai_responses") + 50
    wanted = ResponseFormat(kind="json_schema", schema=CITY)
    assert tokens_of(family="google", response_format=wanted) == tokens_of(family="google")
