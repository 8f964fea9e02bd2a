"""What a request can ask for, one feature at a time, as changes of a plain canonical request."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Url,
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

Feature: TypeAlias = Callable[[ChatRequest], ChatRequest]

SCHEMA: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
)
TOOL: Final = Tool(name="weather", description="The weather", parameters=dict(SCHEMA))
CALL: Final = ToolCall(id="call_1", name="weather", raw='{"city":"Rome"}', arguments={"city": "Rome"})


def message(role: Role, *parts: Part, **fields: Any) -> Message:
    return Message(role=role, parts=parts, **fields)


def plain(**fields: Any) -> ChatRequest:
    """One question, and a limit as Anthropic's API demands it."""
    told = {"messages": (message(Role.USER, Text(text="hi")),), "max_output_tokens": 512, **fields}
    return ChatRequest(model="m", **told)


def _with(**fields: Any) -> Feature:
    return lambda request: replace(request, **fields)


def _sampling(**fields: Any) -> Feature:
    return _with(sampling=Sampling(**fields))


def _asking(*parts: Part) -> Feature:
    return _with(messages=(message(Role.USER, *parts),))


def _after_call(*results: ToolResult, call: ToolCall = CALL, thoughts: tuple[Part, ...] = ()) -> Feature:
    turns = (
        message(Role.USER, Text(text="hi")),
        message(Role.ASSISTANT, *thoughts, call),
        message(Role.TOOL, *results),
    )
    return _with(messages=turns, tools=(TOOL,))


def _result(*parts: Text | Image | Document, **fields: Any) -> ToolResult:
    return ToolResult(call_id="call_1", parts=parts, name="weather", **fields)


def _thinking(family: str) -> Feature:
    thought = Reasoning(text="hm", signature=Opaque(family=family, value="c2lnbmVk"))
    return _after_call(_result(Text(text="sunny")), thoughts=(thought,))


def _tools(*tools: Tool | BuiltinTool, **fields: Any) -> Feature:
    return _with(tools=tools, **fields)


def _searching() -> Feature:
    return _tools(BuiltinTool(kind="web_search", native_type="web_search", options={}))


_PICTURE: Final = Inline(media_type="image/png", base64=PNG)
_PDF: Final = Inline(media_type="application/pdf", base64=PDF)
_SECOND: Final = replace(TOOL, name="time")

FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        "system message first": _with(
            messages=(message(Role.SYSTEM, Text(text="Be brief")), message(Role.USER, Text(text="hi")))
        ),
        "system message inside the conversation": _with(
            messages=(
                message(Role.USER, Text(text="hi")),
                message(Role.SYSTEM, Text(text="Be brief")),
                message(Role.ASSISTANT, Text(text="ok")),
                message(Role.USER, Text(text="go on")),
            )
        ),
        "several text parts": _asking(Text(text="a"), Text(text="b")),
        "speaker's name": _with(messages=(message(Role.USER, Text(text="hi"), name="ann"),)),
        "image inline": _asking(Text(text="see"), Image(source=_PICTURE)),
        "image by URL": _asking(Text(text="see"), Image(source=Url(url="https://example.com/a.png"))),
        "image detail": _asking(Text(text="see"), Image(source=_PICTURE, detail="low")),
        "PDF inline": _asking(Text(text="see"), Document(source=_PDF, filename="a.pdf")),
        "PDF by URL": _asking(Text(text="see"), Document(source=Url(url="https://example.com/a.pdf"))),
        "text document": _asking(Text(text="see"), Document(source=PlainText(text="long"), title="T")),
        "file kept by OpenAI": _asking(
            Text(text="see"), Document(source=FileRef(family="openai", file_id="file-1"))
        ),
        "audio inline": _asking(
            Text(text="hear"), Audio(source=Inline(media_type="audio/wav", base64=WAV), audio_format="wav")
        ),
        "function tools": _tools(TOOL),
        "strict function tools": _tools(replace(TOOL, strict=True)),
        "tools with free text input": _tools(Tool(name="shell", kind="custom")),
        "tool_choice none": _tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.NONE)),
        "tool_choice required": _tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.REQUIRED)),
        "tool_choice of one tool": _tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.NAMED, names=("weather",))),
        "tool_choice among some tools": _tools(
            TOOL, _SECOND, tool_choice=ToolChoice(mode=ToolMode.AUTO, names=("weather",))
        ),
        "parallel_tool_calls off": _tools(TOOL, parallel_tool_calls=False),
        "tool call and result": _after_call(_result(Text(text="sunny"))),
        "tool result that is an error": _after_call(_result(Text(text="no such city"), is_error=True)),
        "tool result with an image": _after_call(_result(Image(source=_PICTURE))),
        "web search": _searching(),
        "code execution": _tools(
            BuiltinTool(
                kind="code_execution", native_type="code_interpreter", options={"container": {"type": "auto"}}
            )
        ),
        "JSON schema answer": _with(
            response_format=ResponseFormat(kind="json_schema", schema=dict(SCHEMA), name="place", strict=True)
        ),
        "JSON answer without a schema": _with(response_format=ResponseFormat(kind="json_object")),
        "reasoning effort": _with(reasoning=ReasoningSettings(effort=Effort.MEDIUM)),
        "reasoning budget": _with(reasoning=ReasoningSettings(budget_tokens=8_192), max_output_tokens=16_000),
        "thoughts signed by OpenAI, sent back": _thinking("openai"),
        "thoughts signed by Anthropic, sent back": _thinking("anthropic"),
        "thoughts signed by Google, sent back": _thinking("google"),
        "cache hint": _asking(Text(text="long", cache=CacheHint()), Text(text="hi")),
        "temperature": _sampling(temperature=0.5),
        "temperature above 1": _sampling(temperature=1.5),
        "top_p": _sampling(top_p=0.9),
        "top_k": _sampling(top_k=40),
        "stop sequences": _sampling(stop=("END",)),
        "seed": _sampling(seed=7),
        "frequency and presence penalty": _sampling(frequency_penalty=0.5, presence_penalty=0.5),
        "logit_bias": _sampling(logit_bias={"42": 1.0}),
        "several candidates": _with(candidates=2),
        "logprobs": _with(logprobs=2),
        "verbosity": _with(verbosity="low"),
        "service tier": _with(service_tier="priority"),
        "end user": _with(end_user="user-1"),
        "metadata": _with(metadata={"team": "a"}),
        "prompt cache key": _with(cache_key="k"),
        "store": _with(store=True),
    }
)
"""Every feature by its name, in the order of the page."""
