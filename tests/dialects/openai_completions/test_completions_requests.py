"""Legacy requests: read as one turn of a chat, and what no chat can do named."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Target
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from domain.chat.content import Text
from domain.chat.request import Role
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.models.profile import PLAIN_MODEL

CHAT = OpenAIChat()
COMPLETIONS = OpenAICompletions(CHAT)
TARGET = Target(provider="openai", family="openai", model="gpt-4o", profile=PLAIN_MODEL)

shared = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(1, 4_096),
        "n": st.integers(1, 4),
        "stop": st.text(min_size=1) | st.lists(st.text(min_size=1), max_size=4),
        "seed": st.integers(0, 99),
        "presence_penalty": st.floats(-2, 2),
        "frequency_penalty": st.floats(-2, 2),
        "logit_bias": st.dictionaries(st.sampled_from(("50256", "7")), st.integers(-100, 100)),
        "user": st.text(),
        "stream": st.booleans(),
        "stream_options": st.just({"include_usage": True}),
    },
)


@given(st.text(), shared, st.booleans())
def test_a_prompt_is_one_message_of_the_user(prompt: str, members: dict[str, Any], listed: bool) -> None:
    """All members that both formats know mean the same in both."""
    request = COMPLETIONS.parse_request({"model": "m", "prompt": [prompt] if listed else prompt, **members})
    messages = [{"role": "user", "content": prompt}]
    expected = CHAT.parse_request({"model": "m", "messages": messages, **members})
    assert request == replace(expected, source="openai_completions")
    (message,) = request.messages
    assert message.role is Role.USER
    assert "".join(part.text for part in message.parts if isinstance(part, Text)) == prompt
    assert request.max_output_tokens == members.get("max_tokens")


@given(st.none() | st.integers(0, 5))
def test_logprobs_are_a_number(asked: int | None) -> None:
    assert COMPLETIONS.parse_request({"model": "m", "prompt": "a", "logprobs": asked}).logprobs == asked


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"suffix": "the end"}, {"/suffix"}),
        ({"best_of": 3}, {"/best_of"}),
        ({"suffix": "", "best_of": 1, "echo": True}, set()),
        ({"best_of": 2, "n": 2, "suffix": None}, set()),
        ({"best_of": 3, "n": 2, "suffix": "x"}, {"/suffix", "/best_of"}),
    ],
)
def test_what_no_chat_can_do_is_named(members: dict[str, Any], lost: set[str]) -> None:
    request = COMPLETIONS.parse_request({"model": "m", "prompt": "a", **members})
    rendered = CHAT.render_request(request, TARGET)
    assert {loss.where for loss in rendered.losses} == lost
    assert not {"suffix", "best_of", "echo", "prompt"} & rendered.body.keys()


@pytest.mark.parametrize(
    ("members", "error", "param"),
    [
        ({"prompt": None}, MalformedRequest, "prompt"),
        ({"prompt": []}, MalformedRequest, "prompt"),
        ({"prompt": {}}, MalformedRequest, "prompt"),
        ({"prompt": ["a", "b"]}, UnsupportedFeature, "prompt"),
        ({"prompt": [5]}, MalformedRequest, "prompt"),
        ({"prompt": [1, 2]}, UnsupportedFeature, "prompt"),
        ({"prompt": [[1, 2], [3]]}, UnsupportedFeature, "prompt"),
        ({"logprobs": True}, MalformedRequest, "logprobs"),
        ({"logprobs": -1}, MalformedRequest, "logprobs"),
        ({"best_of": "2"}, MalformedRequest, "best_of"),
        ({"suffix": 5}, MalformedRequest, "suffix"),
        ({"echo": "yes"}, MalformedRequest, "echo"),
        ({"temperature": "hot"}, MalformedRequest, "temperature"),
        ({"n": 0}, MalformedRequest, "n"),
    ],
)
def test_mistakes_are_named(members: dict[str, Any], error: type[Exception], param: str) -> None:
    with pytest.raises(error) as raised:
        COMPLETIONS.parse_request({"model": "m", "prompt": "a", **members})
    assert getattr(raised.value, "param", None) == param


@pytest.mark.parametrize(
    ("where", "placed"),
    [
        ("/messages/0/content/0", "/prompt"),
        ("/max_completion_tokens", "/max_tokens"),
        ("/top_logprobs", "/logprobs"),
        ("/seed", "/seed"),
    ],
)
def test_pointers_are_the_clients_own(where: str, placed: str) -> None:
    assert COMPLETIONS.place(where, {}) == placed


def test_a_conversation_is_no_prompt() -> None:
    with pytest.raises(UnsupportedFeature):
        COMPLETIONS.render_request(COMPLETIONS.parse_request({"model": "m", "prompt": "a"}), TARGET)
