"""Requests that ask for one thing more than a plain one: every field that a request can have, one at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from domain.chat.content import (
    Audio,
    CacheHint,
    Citation,
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
)
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Effort,
    Message,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Sampling,
    Tool,
    ToolChoice,
    ToolMode,
)
from tests.strategies.canonical import PDF, PNG, WAV

HINT: Final = CacheHint(ttl="1h")
SIGNATURE: Final = Opaque(family="elsewhere", value="c2ln")
UNHEARD: Final = {"elsewhere": {"unheard": 1}}
CALL: Final = ToolCall(id="call_1", name="look", raw='{"a":1}', arguments={"a": 1})
RESULT: Final = ToolResult(call_id="call_1", parts=(Text(text="seen"),), name="look")
CLOSED: Final = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
LOOK: Final = Tool(name="look", parameters=CLOSED)
RUN: Final = Tool(name="run", kind="custom")
WORD: Final = Text(text="a word")
DECLINED: Final = Refusal(text="no")
PICTURE: Final = Image(source=Inline(media_type="image/png", base64=PNG))
FILE: Final = Document(source=Inline(media_type="application/pdf", base64=PDF))
NAMED_FILE: Final = replace(FILE, filename="a.pdf")
NOTE: Final = Document(source=PlainText(text="a note"))
SOUND: Final = Audio(source=Inline(media_type="audio/wav", base64=WAV), audio_format="wav")
SPOKEN: Final = Audio(source=FileRef(family="openai", file_id="audio_1"))
OPAQUE: Final = OpaquePart(family="elsewhere", kind="trace", raw={"a": 1})
SHAPELESS: Final = ResponseFormat(kind="json_schema")
SHAPE: Final = replace(SHAPELESS, schema={"type": "object"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request `with_it`, the same `without_it`, and where losses of it may be said, in canonical pointers.

    path: the names of the member that is asked for, where it is one of the request's settings.
    """

    name: str
    with_it: ChatRequest
    without_it: ChatRequest
    places: tuple[str, ...]
    path: tuple[str, ...] = ()

    def member(self, request: ChatRequest) -> Any:
        """What `request` says of it; None where it says nothing."""
        value: Any = request if self.path else None
        for name in self.path:
            value = getattr(value, name, None)
        return value


def said(role: Role, *parts: Part, **members: Any) -> Message:
    return Message(role=role, parts=parts, **members)


def changed(value: Any, name: str, to: Any) -> Any:
    """`value` with another member `name`."""
    return replace(value, **{name: to})


def plain(*before: Message, **members: Any) -> ChatRequest:
    """A question, perhaps with something said `before`."""
    return ChatRequest(model="m", messages=(*before, said(Role.USER, Text(text="hi"))), **members)


TOP: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "tools": ((LOOK,), "/tools/0"),
        "tool_choice": (ToolChoice(mode=ToolMode.REQUIRED), "/tool_choice"),
        "parallel_tool_calls": (False, "/parallel_tool_calls"),
        "response_format": (SHAPE, "/response_format"),
        "sampling": (Sampling(seed=1), "/seed"),
        "max_output_tokens": (900_000, "/max_tokens", "/max_completion_tokens"),
        "candidates": (2, "/n"),
        "logprobs": (3, "/logprobs"),
        "reasoning": (ReasoningSettings(effort=Effort.HIGH), "/reasoning_effort"),
        "modalities": (("text", "audio"), "/modalities"),
        "audio_output": ({"voice": "alloy", "format": "wav"}, "/audio"),
        "prediction": ({"type": "content", "content": "x"}, "/prediction"),
        "verbosity": ("low", "/verbosity"),
        "service_tier": ("flex", "/service_tier"),
        "end_user": ("u1", "/user"),
        "cache_key": ("k", "/prompt_cache_key"),
        "store": (True, "/store"),
        "metadata": ({"team": "a"}, "/metadata"),
        "ext": (UNHEARD, "/unheard"),
    }
)
"""A value for every member of a request but NOT_TOLD, and where it stands."""
NOT_TOLD: Final = frozenset({"model", "messages", "legacy_functions", "stream", "include_usage", "source"})
"""What the gateway itself acts on, and the conversation, which has cases of its own."""

SAMPLING: Final = MappingProxyType(
    {
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 4,
        "seed": 7,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "logit_bias": {"5": 1.0},
        "stop": ("END",),
    }
)
REASONING: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "effort": (Effort.LOW, "/reasoning_effort"),
        "budget_tokens": (9_000, "/thinking/budget_tokens", "/thinking", "/reasoning_effort"),
        "adaptive": (True, "/thinking/type", "/thinking", "/reasoning_effort"),
        "visible": (True, "/thinking/display", "/thinking", "/reasoning_effort"),
        "ext": (UNHEARD, "/thinking/unheard"),
    }
)
FORMAT: Final = MappingProxyType(
    {
        "kind": "json_object",
        "schema": {"type": "object"},
        "name": "answer",
        "description": "A shape.",
        "strict": True,
    }
)
TOOL: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "description": ("Looks.", "/tools/0"),
        "parameters": ({"type": "object", "properties": {"a": {"type": "string"}}}, "/tools/0"),
        "strict": (True, "/tools/0/function/strict"),
        "grammar": ({"type": "grammar", "grammar": {"syntax": "regex", "definition": "a"}}, "/tools/0"),
        "cache": (HINT, "/tools/0"),
        "ext": (UNHEARD, "/tools/0/unheard"),
    }
)
TOOL_ITSELF: Final = frozenset({"name", "kind"})
"""What makes a tool one."""
BARE_TOOLS: Final = MappingProxyType({"grammar": RUN, "parameters": replace(LOOK, parameters=None)})
"""The tools that a member is added to, where they are not the usual one."""
CHOICES: Final = (
    ToolChoice(mode=ToolMode.AUTO),
    ToolChoice(mode=ToolMode.NONE),
    ToolChoice(mode=ToolMode.REQUIRED),
    ToolChoice(mode=ToolMode.NAMED, names=("look",)),
    ToolChoice(mode=ToolMode.AUTO, names=("look",)),
    ToolChoice(mode=ToolMode.REQUIRED, builtin="web_search"),
)
SEARCH: Final = BuiltinTool(kind="web_search", native_type="web_search")
BUILTINS: Final = (
    replace(SEARCH, options={"search_context_size": "low"}),
    BuiltinTool(kind="web_search", native_type="web_search_20250305", options={"max_uses": 2}),
    BuiltinTool(kind="code_execution", native_type="code_interpreter", options={"container": {"type": "auto"}}),
    BuiltinTool(kind="web_fetch", native_type="urlContext", options={}),
)

PARTS: Final[tuple[Part, ...]] = (
    WORD,
    PICTURE,
    FILE,
    NOTE,
    SOUND,
    Reasoning(text="hm", signature=SIGNATURE),
    Reasoning(text="hm"),
    DECLINED,
    OPAQUE,
)
"""One of every kind, those that need a partner excepted."""
PART_MEMBERS: Final[tuple[tuple[Part, str, Any], ...]] = (
    *((part, "cache", HINT) for part in (WORD, PICTURE, FILE, NOTE, SOUND, CALL, RESULT)),
    *((part, "ext", UNHEARD) for part in (WORD, PICTURE, FILE, SOUND, CALL, RESULT, DECLINED)),
    (WORD, "citations", (Citation(kind="url", url="https://example.com"),)),
    (WORD, "signature", SIGNATURE),
    (CALL, "signature", SIGNATURE),
    (RESULT, "is_error", True),
    (PICTURE, "detail", "low"),
    (FILE, "filename", "a.pdf"),
    (FILE, "title", "A"),
    (NAMED_FILE, "title", "A"),
    (NOTE, "title", "A"),
    (NOTE, "filename", "a.txt"),
    (SOUND, "transcript", "words"),
    (SPOKEN, "transcript", "words"),
)
PART_ITSELF: Final = frozenset(
    {
        *((Text, "text"), (Image, "source"), (Document, "source"), (Audio, "source"), (Audio, "audio_format")),
        *((ToolCall, name) for name in ("id", "name", "raw", "arguments", "kind")),
        *((ToolResult, name) for name in ("call_id", "parts", "name")),
        *((Reasoning, name) for name in ("text", "form", "signature", "redacted", "ext")),
        (Refusal, "text"),
    }
)
"""What makes a part one; a thought goes as a whole."""
SPEAKERS: Final = (Role.SYSTEM, Role.USER, Role.ASSISTANT)


def everything() -> Iterator[Asking]:
    """Every case there is."""
    yield from _settings()
    yield from _ways_of_thinking()
    yield from _shapes()
    yield from _tools()
    yield from _vendors_tools()
    yield from _parts()
    yield from _members_of_parts()
    yield from _messages()


def _settings() -> Iterator[Asking]:
    for name, (value, *places) in TOP.items():
        of_tools = name in ("tool_choice", "parallel_tool_calls")
        bare = plain(tools=(LOOK,) if of_tools else ())
        yield _case(name, bare, changed(bare, name, value), *places)
        if of_tools:
            yield _case(f"{name} without tools", plain(), changed(plain(), name, value), *places)
    yield _case("top_logprobs", plain(logprobs=0), plain(logprobs=3), "/logprobs", "/top_logprobs")
    for name, value in SAMPLING.items():
        yield _case(name, plain(), plain(sampling=changed(Sampling(), name, value)), f"/{name}")


def _ways_of_thinking() -> Iterator[Asking]:
    for name, (value, *places) in REASONING.items():
        bare, path = ReasoningSettings(effort=Effort.MEDIUM), ("reasoning", name)
        alone = plain(reasoning=changed(ReasoningSettings(), name, value))
        yield _case(f"reasoning {name}", plain(), alone, *places, path=path)
        if name != "effort":
            beside = plain(reasoning=changed(bare, name, value))
            yield _case(f"{name} beside effort", plain(reasoning=bare), beside, *places, path=path)


def _shapes() -> Iterator[Asking]:
    for name, value in FORMAT.items():
        of_kind = name == "kind"
        bare = plain() if of_kind else plain(response_format=SHAPELESS)
        shape = changed(SHAPELESS, name, value)
        asked = plain(response_format=shape)
        yield _case(f"format {name}", bare, asked, "/response_format", path=("response_format", name))


def _tools() -> Iterator[Asking]:
    for name, (value, *places) in TOOL.items():
        tool = BARE_TOOLS.get(name, LOOK)
        asked = plain(tools=(changed(tool, name, value),))
        yield _case(f"tool {name}", plain(tools=(tool,)), asked, *places)
    for choice in CHOICES:
        for tools in ((LOOK,), (LOOK, RUN)) if choice.builtin is None else ((LOOK, SEARCH),):
            asked = plain(tools=tools, tool_choice=choice)
            yield _case(f"{choice} of {len(tools)}", plain(tools=tools), asked, "/tool_choice", "/tools")


def _vendors_tools() -> Iterator[Asking]:
    for builtin in BUILTINS:
        asked = plain(tools=(builtin,))
        yield _case(builtin.native_type, plain(), asked, "/tools/0")
        for option in builtin.options:
            bare = plain(tools=(replace(builtin, options={}),))
            yield _case(f"{builtin.native_type} {option}", bare, asked, f"/tools/0/{option}")


def _parts() -> Iterator[Asking]:
    for role in SPEAKERS:
        for part in PARTS:
            bare, more = plain(said(role, DECLINED, WORD)), plain(said(role, DECLINED, WORD, part))
            yield _case(f"{type(part).__name__} of {role}", bare, more, "/messages/0")
    shown = replace(RESULT, parts=(*RESULT.parts, PICTURE))
    yield _case("Image in a result", _called(CALL, RESULT), _called(CALL, shown), "/messages/1/")


def _members_of_parts() -> Iterator[Asking]:
    for part, name, value in PART_MEMBERS:
        more, label = changed(part, name, value), f"{name} of {type(part).__name__}"
        match part:
            case ToolCall():
                yield _case(label, _called(CALL, RESULT), _called(more, RESULT), "/messages/0/tool_calls/0")
            case ToolResult():
                yield _case(label, _called(CALL, RESULT), _called(CALL, more), "/messages/1/content/0")
            case _:
                for role in SPEAKERS:
                    bare, full = plain(said(role, part)), plain(said(role, more))
                    yield _case(f"{label} of {role}", bare, full, "/messages/0/content/0")
        if isinstance(part, (Text, Image, Document)):
            bare, full = (_called(CALL, replace(RESULT, parts=(one,))) for one in (part, more))
            yield _case(f"{label} in a result", bare, full, "/messages/1/content/0")


def _called(call: Part, result: Part) -> ChatRequest:
    return plain(said(Role.ASSISTANT, call), said(Role.TOOL, result), tools=(LOOK,))


def _messages() -> Iterator[Asking]:
    for role in (Role.DEVELOPER, *SPEAKERS):
        bare = said(role, WORD)
        for name, value in (("name", "ann"), ("ext", UNHEARD)):
            full = changed(bare, name, value)
            yield _case(f"{name} of a message of {role}", plain(bare), plain(full), "/messages/0/")
    blank = plain(said(Role.USER, Text(text=" ")))
    yield _case("a message of white space", plain(), blank, "/messages")
    yield _case("an unanswered call", plain(), plain(said(Role.ASSISTANT, CALL)), "/messages/0/tool_calls/0")
    yield _case("a result of nothing", plain(), plain(said(Role.TOOL, RESULT)), "/messages/0/content/0")


def _case(
    name: str, without_it: ChatRequest, with_it: ChatRequest, *places: str, path: tuple[str, ...] = ()
) -> Asking:
    return Asking(name=name, with_it=with_it, without_it=without_it, places=places, path=path)
