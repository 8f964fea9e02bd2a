"""The next request of a client that sends the answer back as it holds it, with results of its calls."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.said import Said

_SCHEMA: Final[Mapping[str, Any]] = MappingProxyType({"type": "object", "properties": {}})


def held(client: str, body: Any) -> Any:
    """What the client keeps of a buffered answer in its history."""
    match client:
        case "openai_chat":
            return body["choices"][0]["message"]
        case "openai_responses":
            return body["output"]
        case "anthropic_messages":
            return body["content"]
        case _:
            return body["candidates"][0]["content"]


def next_request(client: str, kept: Any, said: Said) -> dict[str, Any]:
    """The request after an answer that said `said`, of which the client holds `kept`."""
    return _REQUESTS[client](kept, said)


def _chat(kept: Any, said: Said) -> dict[str, Any]:
    results = [{"role": "tool", "tool_call_id": call.id, "content": "done"} for call in said.calls]
    tools = [
        {"type": "function", "function": {"name": name, "parameters": dict(_SCHEMA)}} for name in _names(said)
    ]
    ask, go_on = ({"role": "user", "content": text} for text in ("hi", "go on"))
    last = results or [go_on]
    return {"model": "m", "messages": [ask, kept, *last], **({"tools": tools} if tools else {})}


def _responses(kept: Any, said: Said) -> dict[str, Any]:
    results = [{"type": "function_call_output", "call_id": call.id, "output": "done"} for call in said.calls]
    tools = [
        {"type": "function", "name": name, "parameters": dict(_SCHEMA), "strict": False} for name in _names(said)
    ]
    ask, go_on = ({"role": "user", "content": text} for text in ("hi", "go on"))
    return {"model": "m", "input": [ask, *kept, *(results or [go_on])], "tools": tools, "store": False}


def _messages(kept: Any, said: Said) -> dict[str, Any]:
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "done"} for call in said.calls]
    tools = [{"name": name, "input_schema": dict(_SCHEMA)} for name in _names(said)]
    answered: dict[str, Any] = {"role": "user", "content": results or "go on"}
    told: list[Any] = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": kept}, answered]
    thinking = {"type": "enabled", "budget_tokens": 1_024}
    return {"model": "m", "max_tokens": 4_000, "messages": told, "tools": tools, "thinking": thinking}


def _gemini(kept: Any, said: Said) -> dict[str, Any]:
    results = [
        {"functionResponse": {"id": call.id, "name": call.name, "response": {"output": "done"}}}
        for call in said.calls
    ]
    answered: dict[str, Any] = {"role": "user", "parts": results or [{"text": "go on"}]}
    declared = [{"name": name, "parametersJsonSchema": dict(_SCHEMA)} for name in _names(said)]
    contents = [{"role": "user", "parts": [{"text": "hi"}]}, kept, answered]
    return {"model": "m", "contents": contents, "tools": [{"functionDeclarations": declared}] if declared else []}


def _names(said: Said) -> list[str]:
    return sorted({call.name for call in said.calls})


_REQUESTS: Final[Mapping[str, Callable[[Any, Said], dict[str, Any]]]] = MappingProxyType(
    {OPENAI_CHAT: _chat, OPENAI_RESPONSES: _responses, ANTHROPIC_MESSAGES: _messages, GEMINI: _gemini}
)
