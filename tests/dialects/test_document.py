"""What a request says before anybody has parsed it."""

import json

import pytest

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.json_types import JSON


def document(**members: JSON) -> Document:
    return Document(Envelope.decode(json.dumps(members).encode()), OpenAIChat(), Reply(model="m"))


@pytest.mark.parametrize(
    ("members", "asks"),
    [
        ({}, False),
        ({"reasoning_effort": "low"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning_effort": None}, False),
        ({"reasoning_effort": {"effort": "none"}}, False),
        ({"reasoning": {"effort": "high"}}, True),
        ({"reasoning": {"summary": "auto"}}, True),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"effort": None, "summary": None}}, False),
        ({"reasoning": None}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ({"thinking": {"type": "adaptive"}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"reasoning_effort": "none", "thinking": {"type": "adaptive"}}, True),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}}}, True),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "high"}}}, True),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, False),
        ({"generationConfig": {"thinkingConfig": None}}, False),
        ({"generationConfig": {"stopSequences": ["thinking"]}}, False),
        ({"generation_config": {"thinking_config": {"thinking_budget": 0}}}, False),
        ({"generation_config": {"thinking_config": {"thinking_budget": 9}}}, True),
    ],
)
def test_a_request_asks_to_reason_by_what_it_says_not_by_saying_something(
    members: dict[str, JSON], asks: bool
) -> None:
    assert document(**members).asks_to_reason() is asks


def test_prompts_that_part_within_what_caches_ask_for_open_differently() -> None:
    first, second = ("a" * 3_000 + ending for ending in ("x", "y"))
    assert document(system=first).opening() != document(system=second).opening()
    first, second = ("a" * 5_000 + ending for ending in ("x", "y"))
    assert document(system=first).opening() == document(system=second).opening()
