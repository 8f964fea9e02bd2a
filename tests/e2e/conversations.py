"""One rich request in Chat Completions' words, with something of everything a vendor has to be told."""

from typing import Any

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"enum": ["c", "f"], "type": ["string", "null"]},
                },
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    },
    {"type": "function", "function": {"name": "get_time"}},
]
VERDICT: Any = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"mild": {"type": "boolean"}, "why": {"type": "string"}},
            "required": ["mild", "why"],
            "additionalProperties": False,
        },
    },
}


def _call(call_id: str, city: str) -> dict[str, Any]:
    arguments = f'{{"city": "{city}"}}'
    return {"id": call_id, "type": "function", "function": {"name": "get_weather", "arguments": arguments}}


MESSAGES: Any = [
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": "Answer in French."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What do you see?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            {
                "type": "file",
                "file": {"filename": "report.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
            },
        ],
    },
    {"role": "assistant", "content": "A dot.", "tool_calls": [_call("call_1", "Paris"), _call("call_2", "Rome")]},
    {"role": "tool", "tool_call_id": "call_1", "content": "mild"},
    {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "hot"}]},
    {"role": "user", "content": "And now?"},
]


def rich_request(model: str) -> dict[str, Any]:
    """Everything that can be asked for at once."""
    return {
        "model": model,
        "messages": MESSAGES,
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "response_format": VERDICT,
        "reasoning_effort": "low",
        "max_completion_tokens": 4_000,
        "stop": ["END", "FIN"],
        "temperature": 1,
        "top_p": 0.9,
        "user": "someone",
        "metadata": {"purpose": "test"},
    }
