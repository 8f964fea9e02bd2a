"""Canonical requests, answers and the events that tell them, for the property tests of every dialect."""

import base64
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from domain.chat import events as ev
from domain.chat.content import (
    CacheHint,
    Citation,
    Document,
    Image,
    Inline,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from domain.chat.fold import unfold
from domain.chat.json_arguments import parse_arguments
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
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 24).decode()
PDF = base64.b64encode(b"%PDF-1.7\n" + b"\0" * 24).decode()
WAV = base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 16).decode()


def words(max_size: int = 20) -> st.SearchStrategy[str]:
    """Text as people and models write it: any code point but lone surrogates, line separators included."""
    return st.one_of(
        st.sampled_from(
            ["hello", "héllo wörld", "😀 emoji", "a\u2028b", "\x85", '{"a": 1}', "data: [DONE]", "x\r\ny"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=max_size),
    )


def visible(max_size: int = 20) -> st.SearchStrategy[str]:
    """Words that are more than white space."""
    return words(max_size).filter(lambda text: bool(text.strip()))


def tool_names() -> st.SearchStrategy[str]:
    """Names that every wire takes as they are."""
    return st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True)


def odd_tool_names() -> st.SearchStrategy[str]:
    """Names that no wire takes as they are."""
    return st.sampled_from(["with space", "dotted.name", "größe", "x" * 65, "a/b", "1 st"])


def call_ids() -> st.SearchStrategy[str]:
    """Ids as the vendors and others mint them; not all fit every wire."""
    return st.one_of(
        st.from_regex(r"call_[A-Za-z0-9]{8,24}", fullmatch=True),
        st.from_regex(r"toolu_[A-Za-z0-9]{8,24}", fullmatch=True),
        st.sampled_from(["functions.weather:0", "x" * 70, "id with space", "call/1"]),
    )


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, big integers included."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        words(8),
    )
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), _objects(inner)), max_leaves=6
    )


def _objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,5}", fullmatch=True), values, max_size=3)


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Any JSON object, `$`-keys excepted."""
    return _objects(json_values())


def schemas() -> st.SearchStrategy[dict[str, Any]]:
    """JSON Schemas of objects, as tools declare them."""
    leaf = st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer", "minimum": 1},
            {"type": "boolean"},
            {"enum": ["a", "b"]},
            {"const": 1},
        ]
    )
    names = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
    return st.dictionaries(names, leaf, max_size=3).map(
        lambda properties: {"type": "object", "properties": properties, "required": sorted(properties)}
    )


def cache_hints() -> st.SearchStrategy[CacheHint | None]:
    """Mostly none."""
    return st.sampled_from([None, None, None, CacheHint(), CacheHint(ttl="1h"), CacheHint(ttl="5m")])


@st.composite
def tool_calls(draw: st.DrawFn, *, names: Sequence[str] = (), family: str | None = None) -> ToolCall:
    """A call with JSON object arguments or none, whose text is spelled in any legal way."""
    arguments = draw(json_objects())
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    raw = json.dumps(arguments, separators=separators, ensure_ascii=draw(st.booleans()))
    raw = raw if arguments else draw(st.sampled_from(["", "{}"]))
    return ToolCall(
        id=draw(call_ids()),
        name=draw(st.sampled_from(list(names)) if names else tool_names()),
        raw=raw,
        arguments=parse_arguments(raw),
        signature=draw(signatures(family)) if family is not None else None,
    )


def signatures(family: str) -> st.SearchStrategy[Opaque | None]:
    """A signature of `family`, or none."""
    return st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9+/]{4,20}", fullmatch=True).map(_opaque(family)))


def _opaque(family: str) -> Any:
    return lambda value: Opaque(family=family, value=value)


@st.composite
def reasoning(draw: st.DrawFn, *, family: str | None = None, redacted: bool = False) -> Reasoning:
    """A thought; signed by `family`, perhaps, where one is given."""
    signature = draw(signatures(family)) if family is not None else None
    if redacted and signature is not None and draw(st.booleans()):
        return Reasoning(text="", signature=signature, redacted=True)
    return Reasoning(text=draw(words()), signature=signature)


def images() -> st.SearchStrategy[Image]:
    """Pictures inline and by address."""
    return st.sampled_from(
        [
            Image(source=Inline(media_type="image/png", base64=PNG)),
            Image(source=Inline(media_type="image/png", base64=PNG), detail="low"),
            Image(source=Url(url="https://example.com/cat.png")),
        ]
    )


def documents() -> st.SearchStrategy[Document]:
    """PDFs inline."""
    return st.sampled_from([Document(source=Inline(media_type="application/pdf", base64=PDF), filename="a.pdf")])


def usages() -> st.SearchStrategy[Usage]:
    """Counts whose parts fit into their totals."""

    def made(cached: int, prompt: int, thought: int, completion: int) -> Usage:
        return Usage(
            prompt_tokens=cached + prompt,
            completion_tokens=thought + completion,
            cache_read_tokens=cached or None,
            reasoning_tokens=thought or None,
        )

    counts = st.integers(0, 10_000)
    return st.builds(made, counts, counts, counts, counts)


def url_citations() -> st.SearchStrategy[Citation]:
    """Addresses a text cites."""
    return st.builds(
        Citation,
        kind=st.just("url"),
        url=st.just("https://example.com/a"),
        title=visible(),
        start=st.just(0),
        end=st.just(1),
    )


# ---- answers -------------------------------------------------------------------------------------------------------


@st.composite
def answer_parts(draw: st.DrawFn, *, family: str | None = None) -> tuple[Part, ...]:
    """What every dialect can tell, in the order every dialect keeps: thought, text, calls with distinct ids."""
    parts: list[Part] = []
    if draw(st.booleans()):
        parts.append(draw(reasoning(family=family)))
    if draw(st.booleans()):
        parts.append(Text(text=draw(words())))
    calls = draw(st.lists(tool_calls(), max_size=3, unique_by=lambda call: call.id))
    return (*parts, *calls)


def finish_for(parts: Sequence[Part], reason: FinishReason) -> Finish:
    """The ending that an answer of `parts` may have: calls end with TOOL_CALLS, nothing else does."""
    called = any(isinstance(part, ToolCall) for part in parts)
    if called and reason not in {FinishReason.LENGTH, FinishReason.CONTENT_FILTER}:
        reason = FinishReason.TOOL_CALLS
    return Finish(reason=reason, native=reason.value)


def finish_reasons() -> st.SearchStrategy[FinishReason]:
    """The reasons an answer without calls may have on every wire."""
    return st.sampled_from([FinishReason.STOP, FinishReason.LENGTH, FinishReason.CONTENT_FILTER])


@st.composite
def responses(draw: st.DrawFn, *, family: str | None = None, max_candidates: int = 1) -> ChatResponse:
    """A complete answer that every dialect can carry; reasoning is signed by `family`, perhaps."""
    candidates = []
    for index in range(draw(st.integers(1, max_candidates))):
        parts = draw(answer_parts(family=family))
        candidates.append(Candidate(index=index, parts=parts, finish=finish_for(parts, draw(finish_reasons()))))
    return ChatResponse(
        id=draw(st.from_regex(r"chatcmpl-[A-Za-z0-9]{6,12}", fullmatch=True)),
        model=draw(st.sampled_from(["gpt-5", "claude-sonnet-5", "gemini-3-flash"])),
        created_unix_s=draw(st.integers(1_700_000_000, 1_900_000_000)),
        candidates=tuple(candidates),
        usage=draw(usages()),
    )


def events_of(response: ChatResponse) -> list[ev.StreamEvent]:
    """The plainest events that tell `response`."""
    return list(unfold(response))


@st.composite
def tellings(draw: st.DrawFn, response: ChatResponse) -> list[ev.StreamEvent]:
    """Events that tell `response`, its deltas cut anywhere, pings in between, its calls' blocks overlapping."""
    told: list[ev.StreamEvent] = []
    for event in draw(_with_calls_interleaved(unfold(response))):
        told.extend(draw(_pieces(event)))
        if draw(st.integers(0, 9)) == 0:
            told.append(ev.Ping())
    while told and isinstance(told[-1], ev.Ping):
        told.pop()
    return told


@st.composite
def _with_calls_interleaved(draw: st.DrawFn, events: Iterable[ev.StreamEvent]) -> list[ev.StreamEvent]:
    """The events with each block's stop perhaps held back until its candidate's last call is told."""
    told: list[ev.StreamEvent] = []
    held: list[ev.StreamEvent] = []
    calls: set[tuple[int, int]] = set()
    for event in events:
        if isinstance(event, ev.BlockStarted) and event.kind is ev.BlockKind.TOOL_CALL:
            calls.add((event.candidate, event.block))
        is_call = isinstance(event, ev.BlockStopped) and (event.candidate, event.block) in calls
        if is_call and draw(st.booleans()):
            held.append(event)
            continue
        if isinstance(event, (ev.LogprobsDelta, ev.Finished)):
            told.extend(held)
            held.clear()
        told.append(event)
    return told


@st.composite
def _pieces(draw: st.DrawFn, event: ev.StreamEvent) -> list[ev.StreamEvent]:
    match event:
        case ev.TextDelta(text=text) | ev.ReasoningDelta(text=text) | ev.RefusalDelta(text=text):
            return [replace(event, text=piece) for piece in draw(_cut(text))]
        case ev.ToolArgumentsDelta(fragment=fragment):
            return [replace(event, fragment=piece) for piece in draw(_cut(fragment))]
        case _:
            return [event]


@st.composite
def _cut(draw: st.DrawFn, text: str) -> list[str]:
    if len(text) < 2:
        return [text]
    at = draw(st.integers(1, len(text) - 1))
    return [text[:at], text[at:]]


@st.composite
def answers(
    draw: st.DrawFn, *, family: str | None = None, max_candidates: int = 1
) -> tuple[ChatResponse, list[ev.StreamEvent]]:
    """A complete answer and events that tell it."""
    response = draw(responses(family=family, max_candidates=max_candidates))
    return response, draw(tellings(response))


@st.composite
def splits(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` cut into reads at any places, single bytes and empty reads included."""
    if draw(st.integers(0, 9)) == 0 and len(data) < 2_000:
        return [data[index : index + 1] for index in range(len(data))]
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


# ---- requests ------------------------------------------------------------------------------------------------------


@st.composite
def tools(draw: st.DrawFn, *, odd_names: bool = False) -> Tool:
    """A function tool."""
    return Tool(
        name=draw(st.one_of(tool_names(), odd_tool_names()) if odd_names else tool_names()),
        description=draw(st.one_of(st.none(), visible())),
        parameters=draw(st.one_of(st.none(), schemas())),
        strict=draw(st.sampled_from([None, None, False])),
    )


def user_parts(*, media: bool = True) -> st.SearchStrategy[tuple[Part, ...]]:
    """What a user says: text, perhaps with pictures and files."""
    texts: st.SearchStrategy[Part] = st.builds(Text, text=visible(), cache=cache_hints())
    parts: st.SearchStrategy[Part] = st.one_of(texts, texts, images(), documents()) if media else texts
    return st.lists(parts, min_size=1, max_size=3).map(tuple)


@st.composite
def tool_results(draw: st.DrawFn, call: ToolCall, *, media: bool = False) -> ToolResult:
    """A result of `call`."""
    parts: list[Text | Image | Document] = [Text(text=draw(visible()))]
    if media and draw(st.booleans()):
        parts.append(draw(images()))
    return ToolResult(call_id=call.id, parts=tuple(parts), is_error=draw(st.sampled_from([False, False, True])))


@st.composite
def turns(
    draw: st.DrawFn, *, names: Sequence[str] = (), media: bool = True, family: str | None = None
) -> tuple[Message, ...]:
    """One exchange: the user asks, the assistant answers or calls tools, whose results follow."""
    told = [Message(role=Role.USER, parts=draw(user_parts(media=media)))]
    parts: list[Part] = []
    if draw(st.booleans()):
        parts.append(draw(reasoning(family=family)))
    if draw(st.booleans()):
        parts.append(Text(text=draw(visible())))
    calls = draw(st.lists(tool_calls(names=names), max_size=3, unique_by=lambda call: call.id)) if names else []
    parts.extend(calls)
    if parts:
        told.append(Message(role=Role.ASSISTANT, parts=tuple(parts)))
    told.extend(Message(role=Role.TOOL, parts=(draw(tool_results(call, media=media)),)) for call in calls)
    return tuple(told)


@st.composite
def conversations(
    draw: st.DrawFn, *, names: Sequence[str] = (), media: bool = True, family: str | None = None
) -> tuple[Message, ...]:
    """A well-formed conversation that ends with the user: instructions first or none, calls answered at once."""
    roles = draw(st.lists(st.sampled_from([Role.SYSTEM, Role.DEVELOPER]), max_size=2))
    told = [Message(role=role, parts=(Text(text=draw(visible())),)) for role in roles]
    seen: set[str] = set()
    for turn in draw(st.lists(turns(names=names, media=media, family=family), max_size=3)):
        ids = {part.id for message in turn for part in message.parts if isinstance(part, ToolCall)}
        if ids.isdisjoint(seen):
            told.extend(turn)
            seen |= ids
    told.append(Message(role=Role.USER, parts=draw(user_parts(media=media))))
    return tuple(told)


def samplings() -> st.SearchStrategy[Sampling]:
    """How tokens are drawn, in ranges that every wire takes."""
    return st.builds(
        Sampling,
        temperature=st.sampled_from([None, 0.0, 0.5, 1.0]),
        top_p=st.sampled_from([None, 0.9]),
        seed=st.sampled_from([None, 7]),
        frequency_penalty=st.sampled_from([None, 0.5]),
        presence_penalty=st.sampled_from([None, -0.5]),
        stop=st.sampled_from([(), ("END",), ("a", "b")]),
    )


def tool_choices(names: Sequence[str]) -> st.SearchStrategy[ToolChoice | None]:
    """Every way of choosing among `names`."""
    plain = [
        None,
        ToolChoice(mode=ToolMode.AUTO),
        ToolChoice(mode=ToolMode.NONE),
        ToolChoice(mode=ToolMode.REQUIRED),
    ]
    if not names:
        return st.sampled_from(plain)
    one = tuple(names[:1])
    return st.sampled_from(
        [
            *plain,
            ToolChoice(mode=ToolMode.NAMED, names=one),
            ToolChoice(mode=ToolMode.AUTO, names=one),
            ToolChoice(mode=ToolMode.REQUIRED, names=one),
        ]
    )


def reasoning_settings() -> st.SearchStrategy[ReasoningSettings | None]:
    """Every way of asking for thought."""
    return st.one_of(
        st.none(),
        st.builds(ReasoningSettings, effort=st.sampled_from(list(Effort))),
        st.builds(ReasoningSettings, budget_tokens=st.sampled_from([0, 1024, 8000, 50_000])),
        st.just(ReasoningSettings(adaptive=True)),
    )


def response_formats() -> st.SearchStrategy[ResponseFormat | None]:
    """Every shape an answer's text may be asked to have."""
    return st.one_of(
        st.none(),
        st.just(ResponseFormat(kind="text")),
        st.just(ResponseFormat(kind="json_object")),
        st.builds(ResponseFormat, kind=st.just("json_schema"), name=st.just("answer"), schema=schemas()),
    )


@st.composite
def requests(
    draw: st.DrawFn, *, odd_names: bool = False, media: bool = True, family: str | None = None
) -> ChatRequest:
    """A well-formed request as a client of any dialect may mean it."""
    declared = draw(st.lists(tools(odd_names=odd_names), max_size=3, unique_by=lambda tool: tool.name))
    names = [tool.name for tool in declared]
    return ChatRequest(
        model="asked/model",
        messages=draw(conversations(names=names, media=media, family=family)),
        tools=tuple[Tool | BuiltinTool, ...](declared),
        tool_choice=draw(tool_choices(names)),
        parallel_tool_calls=draw(st.sampled_from([None, True, False])),
        response_format=draw(response_formats()),
        sampling=draw(samplings()),
        max_output_tokens=draw(st.sampled_from([None, 1, 100, 40_000])),
        reasoning=draw(reasoning_settings()),
        end_user=draw(st.sampled_from([None, "user-1"])),
        stream=draw(st.booleans()),
        include_usage=draw(st.booleans()),
    )
