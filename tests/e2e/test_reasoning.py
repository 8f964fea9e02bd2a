"""Thoughts and their signatures, through the official client and back to the vendor that signed them."""

from typing import Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

from tests.e2e.canned.contents import REDACTED, SIGNATURE, TEXT, THOUGHT
from tests.e2e.conversations import TOOLS
from tests.e2e.vendors import Vendors

ASKED: Any = [{"role": "user", "content": "How are Paris and Rome?"}]


def think(client: openai.OpenAI, model: str, *, tools: bool, stream: bool) -> dict[str, Any]:
    """The assistant's message as a client keeps it for its history."""
    more: Any = {"tools": TOOLS} if tools else {}
    more |= {"model": model, "messages": ASKED, "reasoning_effort": "medium"}
    if not stream:
        whole = client.chat.completions.create(**more)
        return dict(whole.choices[0].message.model_dump(exclude_none=True))
    state: Any = ChatCompletionStreamState()
    for chunk in client.chat.completions.create(**more, stream=True):
        state.handle_chunk(chunk)
    return dict(state.get_final_completion().choices[0].message.model_dump(exclude_none=True))


def go_on(client: openai.OpenAI, vendors: Vendors, model: str, message: dict[str, Any]) -> dict[str, Any]:
    """What the vendor receives when the conversation goes on from `message`."""
    calls = message.get("tool_calls", ())
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "mild"} for call in calls]
    history: Any = [*ASKED, message, *(results or [{"role": "user", "content": "Thanks. And London?"}])]
    client.chat.completions.create(model=model, messages=history, tools=TOOLS, reasoning_effort="medium")
    return vendors.asked[-1].body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tools", [False, True])
def test_anthropics_signed_thoughts_come_back_as_they_were(
    client: openai.OpenAI, vendors: Vendors, tools: bool, stream: bool
) -> None:
    message = think(client, "claude", tools=tools, stream=stream)
    assert message["reasoning_content"] == THOUGHT
    assert tools or message["content"] == TEXT
    sent = go_on(client, vendors, "claude", message)
    said = next(turn["content"] for turn in sent["messages"] if turn["role"] == "assistant")
    assert said[:2] == [
        {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": REDACTED},
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tools", [False, True])
@pytest.mark.parametrize("model", ["gemini", "gemini/gemini-3-pro-preview"])
def test_geminis_signatures_come_back_on_the_part_they_signed(
    client: openai.OpenAI, vendors: Vendors, model: str, tools: bool, stream: bool
) -> None:
    message = think(client, model, tools=tools, stream=stream)
    assert message["reasoning_content"] == THOUGHT
    assert tools or message["content"] == TEXT
    sent = go_on(client, vendors, model, message)
    said = next(turn["parts"] for turn in sent["contents"] if turn["role"] == "model")
    signed = [part for part in said if part.get("thoughtSignature") == SIGNATURE]
    assert len(signed) == 1
    assert ("functionCall" in signed[0]) is tools


def test_one_vendors_signature_is_never_sent_to_another(client: openai.OpenAI, vendors: Vendors) -> None:
    for model, other in (("claude", "gemini"), ("gemini", "claude"), ("claude", "llama"), ("gemini", "llama")):
        message = think(client, model, tools=True, stream=False)
        sent = str(go_on(client, vendors, other, message))
        assert SIGNATURE not in sent
        assert REDACTED not in sent
