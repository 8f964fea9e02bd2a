"""Where a loss stands in a client's own request: pointers in the canonical request's names → in this dialect's."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.dialects.gemini.content_parsing import Place, parse_conversation
from adapters.dialects.gemini.members import Members, spelled
from adapters.dialects.gemini.tool_parsing import placed_tools
from adapters.dialects.places import member_of
from domain.chat.content import Part, ToolResult
from domain.errors import MalformedRequest
from domain.json_types import JSON

_CALLING: Final = ("toolConfig", "functionCallingConfig")
_SCHEMA: Final = ("generationConfig", "responseJsonSchema")
_THINKING: Final = ("generationConfig", "thinkingConfig")
_VOICE: Final = ("generationConfig", "speechConfig", "voiceConfig", "prebuiltVoiceConfig", "voiceName")
_PLACES: Final = MappingProxyType(
    {
        "temperature": ("generationConfig", "temperature"),
        "top_p": ("generationConfig", "topP"),
        "top_k": ("generationConfig", "topK"),
        "seed": ("generationConfig", "seed"),
        "frequency_penalty": ("generationConfig", "frequencyPenalty"),
        "presence_penalty": ("generationConfig", "presencePenalty"),
        "stop": ("generationConfig", "stopSequences"),
        "max_tokens": ("generationConfig", "maxOutputTokens"),
        "max_completion_tokens": ("generationConfig", "maxOutputTokens"),
        "n": ("generationConfig", "candidateCount"),
        "logprobs": ("generationConfig", "responseLogprobs"),
        "top_logprobs": ("generationConfig", "logprobs"),
        "response_format": ("generationConfig", "responseMimeType"),
        "response_format/json_schema": _SCHEMA,
        "response_format/json_schema/schema": _SCHEMA,
        "reasoning": ("generationConfig", "thinkingConfig"),
        "reasoning_effort": ("generationConfig", "thinkingConfig"),
        "thinking": ("generationConfig", "thinkingConfig"),
        "thinking/budget_tokens": ("generationConfig", "thinkingConfig", "thinkingBudget"),
        "thinking/display": ("generationConfig", "thinkingConfig", "includeThoughts"),
        "thinking/type": ("generationConfig", "thinkingConfig"),
        "modalities": ("generationConfig", "responseModalities"),
        "audio": ("generationConfig", "speechConfig"),
        "audio/voice": _VOICE,
        "service_tier": ("serviceTier",),
        "tool_choice": _CALLING,
    }
)
_MEMBERS: Final = ("content", "tool_calls", "reasoning_content")
_ALTERNATIVES: Final = MappingProxyType(
    {"responseJsonSchema": "responseSchema", "parametersJsonSchema": "parameters"}
)
"""Members that may stand in place of others."""
_IN_FUNCTIONS: Final = MappingProxyType({"parameters": "parametersJsonSchema"})
_IN_PARTS: Final = MappingProxyType({"image_url": "inlineData", "input_audio": "inlineData", "file": "inlineData"})


def place(where: str, body: Mapping[str, JSON]) -> str:
    """The pointer `where` in this dialect's names, spelled as `body` spells them.

    What has no place of its own is said of the nearest that has; a member of Gemini's own is where it is called.
    """
    steps = where.removeprefix("/").split("/")
    try:
        if steps[0] == "messages":
            found = _in_messages(steps[1:], body)
        elif steps[0] == "tools":
            found = _in_tools(steps[1:], body)
        else:
            found = _in_request(steps)
    except MalformedRequest:
        return where
    return "/" + "/".join(_spelled(found, body))


def _in_request(steps: Sequence[str]) -> Sequence[str]:
    for length in range(len(steps), 0, -1):
        known = _PLACES.get("/".join(steps[:length]))
        if known is not None:
            return (*known, *steps[length:]) if known == _THINKING else known
    return steps


def _in_messages(steps: Sequence[str], body: Mapping[str, JSON]) -> Sequence[str]:
    said = parse_conversation(Members(dict(body), ""))
    if not steps or not steps[0].isdigit() or int(steps[0]) >= len(said.messages):
        return ("contents",)
    index, inside = int(steps[0]), steps[1:]
    whole = _content(said.contents[index])
    if inside and inside[0] in _MEMBERS:
        parts = zip(said.messages[index].parts, said.places[index], strict=True)
        counted = [(part, at) for part, at in parts if member_of(part) == inside[0]]
        return _in_parts(inside[1:], counted) or whole
    return (*whole, *inside)


def _in_parts(steps: Sequence[str], counted: Sequence[tuple[Part, Place]]) -> Sequence[str]:
    """`steps` lead to one of the parts that the canonical message counts together; none where it has no such."""
    if not steps or not steps[0].isdigit() or int(steps[0]) >= len(counted):
        return ()
    part, (content, position) = counted[int(steps[0])]
    whole, rest = (*_content(content), "parts", str(position)), steps[1:]
    if isinstance(part, ToolResult) and rest[:1] == ["content"] and len(rest) > 1 and rest[1].isdigit():
        # The first thing a result says is its response; the others are its own parts.
        inner, rest = int(rest[1]), rest[2:]
        shown = ("response",) if inner == 0 else ("parts", str(inner - 1))
        whole = (*whole, "functionResponse", *shown)
    return (*whole, *(_IN_PARTS.get(step, step) for step in rest))


def _content(index: int | None) -> tuple[str, ...]:
    return ("systemInstruction",) if index is None else ("contents", str(index))


def _in_tools(steps: Sequence[str], body: Mapping[str, JSON]) -> Sequence[str]:
    tools = [pointer for _, pointer in placed_tools(Members(dict(body), ""))]
    if not steps or not steps[0].isdigit() or int(steps[0]) >= len(tools):
        return ("tools",)
    inside = [step for step in steps[1:] if step not in {"function", "custom"}]
    renamed = [_IN_FUNCTIONS.get(step, step) for step in inside[:1]] + inside[1:]
    return ("tools", *tools[int(steps[0])].split("/"), *renamed)


def _spelled(steps: Sequence[str], body: Mapping[str, JSON]) -> list[str]:
    """The steps as the body spells them; where it has a member under its other name, under that."""
    out: list[str] = []
    holder: JSON = body
    for step in steps:
        if isinstance(holder, dict):
            name = spelled(holder, step)
            if name not in holder and step in _ALTERNATIVES:
                other = spelled(holder, _ALTERNATIVES[step])
                name = other if other in holder else name
            holder = holder.get(name)
        else:
            name = step
            is_item = isinstance(holder, list) and step.isdigit() and int(step) < len(holder)
            holder = holder[int(step)] if is_item else None
        out.append(name)
    return out
