"""What a request can ask for, one feature at a time, as changes of a plain canonical request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from tests.strategies.dialects import DIALECTS, GEMINI

Change: TypeAlias = Callable[[ChatRequest], ChatRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing to ask for: what a request has with it, and what the same request has without it.

    said_by: the dialects whose clients can ask for it, where their own upstreams do not show that.
    """

    asked: Change
    without: Change
    said_by: frozenset[str] = frozenset()


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


def _with(**fields: Any) -> Change:
    return lambda request: replace(request, **fields)


def _sampling(**fields: Any) -> Change:
    return _with(sampling=Sampling(**fields))


def _asking(*parts: Part) -> Change:
    return _with(messages=(message(Role.USER, *parts),))


def _after_call(*results: ToolResult, call: ToolCall = CALL, thoughts: tuple[Part, ...] = ()) -> Change:
    turns = (
        message(Role.USER, Text(text="hi")),
        message(Role.ASSISTANT, *thoughts, call),
        message(Role.TOOL, *results),
    )
    return _with(messages=turns, tools=(TOOL,))


def _result(*parts: Text | Image | Document, **fields: Any) -> ToolResult:
    return ToolResult(call_id="call_1", parts=parts, name="weather", **fields)


def _thinking(family: str) -> Change:
    thought = Reasoning(text="hm", signature=Opaque(family=family, value="c2lnbmVk"))
    return _after_call(_result(Text(text="sunny")), thoughts=(thought,))


def _tools(*tools: Tool | BuiltinTool, **fields: Any) -> Change:
    return _with(tools=tools, **fields)


def _searching() -> Change:
    return _tools(BuiltinTool(kind="web_search", native_type="web_search", options={}))


_PICTURE: Final = Inline(media_type="image/png", base64=PNG)
_PDF: Final = Inline(media_type="application/pdf", base64=PDF)
_SECOND: Final = replace(TOOL, name="time")

FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        "system message first": Feature(
            asked=_with(
                messages=(message(Role.SYSTEM, Text(text="Be brief")), message(Role.USER, Text(text="hi")))
            ),
            without=_with(),
        ),
        "system message inside the conversation": Feature(
            asked=_with(
                messages=(
                    message(Role.USER, Text(text="hi")),
                    message(Role.SYSTEM, Text(text="Be brief")),
                    message(Role.ASSISTANT, Text(text="ok")),
                    message(Role.USER, Text(text="go on")),
                )
            ),
            without=_with(),
        ),
        "several text parts": Feature(
            asked=_asking(Text(text="a"), Text(text="b")), without=_asking(Text(text="a"))
        ),
        "speaker's name": Feature(
            asked=_with(messages=(message(Role.USER, Text(text="hi"), name="ann"),)), without=_with()
        ),
        "image inline": Feature(
            asked=_asking(Text(text="see"), Image(source=_PICTURE)), without=_asking(Text(text="see"))
        ),
        "image by URL": Feature(
            asked=_asking(Text(text="see"), Image(source=Url(url="https://example.com/a.png"))),
            without=_asking(Text(text="see")),
        ),
        "image detail": Feature(
            asked=_asking(Text(text="see"), Image(source=_PICTURE, detail="low")),
            without=_asking(Text(text="see"), Image(source=_PICTURE)),
        ),
        "PDF inline": Feature(
            asked=_asking(Text(text="see"), Document(source=_PDF, filename="a.pdf")),
            without=_asking(Text(text="see")),
        ),
        "PDF by URL": Feature(
            asked=_asking(Text(text="see"), Document(source=Url(url="https://example.com/a.pdf"))),
            without=_asking(Text(text="see")),
        ),
        "text document": Feature(
            asked=_asking(Text(text="see"), Document(source=PlainText(text="long"), title="T")),
            without=_asking(Text(text="see")),
        ),
        "file kept by OpenAI": Feature(
            asked=_asking(Text(text="see"), Document(source=FileRef(family="openai", file_id="file-1"))),
            without=_asking(Text(text="see")),
        ),
        "audio inline": Feature(
            asked=_asking(
                Text(text="hear"), Audio(source=Inline(media_type="audio/wav", base64=WAV), audio_format="wav")
            ),
            without=_asking(Text(text="hear")),
        ),
        "function tools": Feature(asked=_tools(TOOL), without=_with()),
        "strict function tools": Feature(asked=_tools(replace(TOOL, strict=True)), without=_tools(TOOL)),
        "tools with free text input": Feature(
            asked=_tools(Tool(name="shell", kind="custom")),
            without=_tools(Tool(name="shell", parameters=dict(SCHEMA))),
        ),
        "tool_choice none": Feature(
            asked=_tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.NONE)), without=_tools(TOOL)
        ),
        "tool_choice required": Feature(
            asked=_tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.REQUIRED)), without=_tools(TOOL)
        ),
        "tool_choice of one tool": Feature(
            asked=_tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.NAMED, names=("weather",))),
            without=_tools(TOOL),
        ),
        "tool_choice among some tools": Feature(
            asked=_tools(TOOL, _SECOND, tool_choice=ToolChoice(mode=ToolMode.AUTO, names=("weather",))),
            without=_tools(TOOL, _SECOND),
        ),
        "parallel_tool_calls off": Feature(
            asked=_tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.AUTO), parallel_tool_calls=False),
            without=_tools(TOOL, tool_choice=ToolChoice(mode=ToolMode.AUTO)),
        ),
        "tool call and result": Feature(asked=_after_call(_result(Text(text="sunny"))), without=_tools(TOOL)),
        "tool result that is an error": Feature(
            asked=_after_call(_result(Text(text="no such city"), is_error=True)),
            without=_after_call(_result(Text(text="no such city"))),
        ),
        "tool result with an image": Feature(
            asked=_after_call(_result(Image(source=_PICTURE))), without=_after_call(_result(Text(text="sunny")))
        ),
        "web search": Feature(asked=_searching(), without=_with()),
        "code execution": Feature(
            asked=_tools(
                BuiltinTool(
                    kind="code_execution", native_type="code_interpreter", options={"container": {"type": "auto"}}
                )
            ),
            without=_with(),
        ),
        "JSON schema answer": Feature(
            asked=_with(
                response_format=ResponseFormat(kind="json_schema", schema=dict(SCHEMA), name="place", strict=True)
            ),
            without=_with(),
        ),
        "JSON answer without a schema": Feature(
            asked=_with(response_format=ResponseFormat(kind="json_object")), without=_with()
        ),
        "reasoning effort": Feature(
            asked=_with(reasoning=ReasoningSettings(effort=Effort.MEDIUM)), without=_with()
        ),
        "reasoning budget": Feature(
            asked=_with(reasoning=ReasoningSettings(budget_tokens=8_192), max_output_tokens=16_000),
            without=_with(max_output_tokens=16_000),
        ),
        "thoughts signed by OpenAI, sent back": Feature(
            asked=_thinking("openai"),
            without=_after_call(_result(Text(text="sunny"))),
            said_by=frozenset(DIALECTS),
        ),
        "thoughts signed by Anthropic, sent back": Feature(
            asked=_thinking("anthropic"),
            without=_after_call(_result(Text(text="sunny"))),
            said_by=frozenset(DIALECTS),
        ),
        "thoughts signed by Google, sent back": Feature(
            asked=_thinking("google"),
            without=_after_call(_result(Text(text="sunny"))),
            said_by=frozenset(DIALECTS),
        ),
        "cache hint": Feature(
            asked=_asking(Text(text="long", cache=CacheHint()), Text(text="hi")),
            without=_asking(Text(text="long"), Text(text="hi")),
            said_by=frozenset(DIALECTS) - {GEMINI},
        ),
        "temperature": Feature(asked=_sampling(temperature=0.5), without=_with()),
        "temperature above 1": Feature(asked=_sampling(temperature=1.5), without=_with()),
        "top_p": Feature(asked=_sampling(top_p=0.9), without=_with()),
        "top_k": Feature(asked=_sampling(top_k=40), without=_with()),
        "stop sequences": Feature(asked=_sampling(stop=("END",)), without=_with()),
        "seed": Feature(asked=_sampling(seed=7), without=_with()),
        "frequency and presence penalty": Feature(
            asked=_sampling(frequency_penalty=0.5, presence_penalty=0.5), without=_with()
        ),
        "logit_bias": Feature(asked=_sampling(logit_bias={"42": 1.0}), without=_with()),
        "several candidates": Feature(asked=_with(candidates=2), without=_with()),
        "logprobs": Feature(asked=_with(logprobs=2), without=_with()),
        "verbosity": Feature(asked=_with(verbosity="low"), without=_with()),
        "service tier": Feature(asked=_with(service_tier="priority"), without=_with()),
        "end user": Feature(asked=_with(end_user="user-1"), without=_with()),
        "metadata": Feature(asked=_with(metadata={"team": "a"}), without=_with()),
        "prompt cache key": Feature(asked=_with(cache_key="k"), without=_with()),
        "store": Feature(asked=_with(store=True), without=_with()),
    }
)
"""Every feature by its name, in the order of the page."""
