"""Each field of a request alone, at every upstream: told, or named, or refused by its name."""

from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from domain.chat.content import Audio, Document, Image, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from domain.chat.request import ChatRequest, Message, ReasoningSettings, ResponseFormat, Sampling, Tool
from domain.errors import UnsupportedFeature
from tests.strategies.dialects import DIALECTS, target
from tests.translation import single_fields
from tests.translation.auditing import OF_THE_WHOLE
from tests.translation.requests_across import MODELS
from tests.translation.single_fields import Asking

CASES = tuple(single_fields.everything())


@pytest.mark.parametrize("upstream", DIALECTS)
def test_what_leaves_no_trace_is_named(upstream: str) -> None:
    unnamed = [
        f"{model}: {asking.name}; named is {sorted(named)}"
        for model in MODELS[upstream]
        for asking in CASES
        if (named := _silent(asking, upstream, model)) is not None
    ]
    assert not unnamed, "\n".join(unnamed)


def _silent(asking: Asking, upstream: str, model: str) -> set[str] | None:
    """What is named where what was asked left no trace and is not among it; None where all is well.

    All is well, too, where the upstream is told it without being asked.
    """
    to = target(upstream, model)
    try:
        less = DIALECTS[upstream].render_request(asking.without_it, to)
        more = DIALECTS[upstream].render_request(asking.with_it, to)
    except UnsupportedFeature as refused:
        return None if refused.param else set()
    named = {loss.where for loss in Counter(more.losses) - Counter(less.losses)}
    named |= {loss.where for loss in more.losses if loss.code in OF_THE_WHOLE}
    if more.body != less.body or any(where.startswith(asking.places) for where in named):
        return None
    heard = DIALECTS[upstream].parse_request({"model": "m", **more.body})
    wanted = asking.member(asking.with_it)
    return None if wanted is not None and asking.member(heard) == wanted else named


@pytest.mark.parametrize("upstream", DIALECTS)
def test_what_is_told_as_it_was_asked_is_not_named(upstream: str) -> None:
    needless = [
        f"{model}: {asking.name}; named is {loss}"
        for model in MODELS[upstream]
        for asking in CASES
        for loss in _needless(asking, upstream, model)
    ]
    assert not needless, "\n".join(needless)


def _needless(asking: Asking, upstream: str, model: str) -> list[str]:
    """The losses at the very place of a setting that the upstream reads as it was asked."""
    try:
        more = DIALECTS[upstream].render_request(asking.with_it, target(upstream, model))
    except UnsupportedFeature:
        return []
    wanted = asking.member(asking.with_it)
    if wanted is None or asking.member(DIALECTS[upstream].parse_request({"model": "m", **more.body})) != wanted:
        return []
    return [str(loss) for loss in more.losses if loss.where == asking.places[0]]


@pytest.mark.parametrize("upstream", DIALECTS)
def test_a_plain_request_loses_nothing(upstream: str) -> None:
    for model in MODELS[upstream]:
        assert not DIALECTS[upstream].render_request(single_fields.plain(), target(upstream, model)).losses


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (ChatRequest, {*single_fields.TOP, *single_fields.NOT_TOLD}),
        (Sampling, {*single_fields.SAMPLING}),
        (ReasoningSettings, {*single_fields.REASONING}),
        (ResponseFormat, {*single_fields.FORMAT}),
        (Tool, {*single_fields.TOOL, *single_fields.TOOL_ITSELF}),
        (Message, {"role", "parts", "standing", "name", "ext"}),
    ],
)
def test_no_member_is_forgotten(kind: type[Any], known: set[str]) -> None:
    assert {one.name for one in fields(kind) if one.init} == known


@pytest.mark.parametrize("kind", [Text, Image, Document, Audio, ToolCall, ToolResult, Reasoning, Refusal])
def test_no_member_of_a_part_is_forgotten(kind: type[Part]) -> None:
    varied = {name for part, name, _ in single_fields.PART_MEMBERS if isinstance(part, kind)}
    itself = {name for of, name in single_fields.PART_ITSELF if of is kind}
    assert {one.name for one in fields(kind) if one.init} == varied | itself
