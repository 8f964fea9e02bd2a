"""What was said, called and returned before, and which tools there are, reaches every upstream."""

import json
from collections.abc import Iterator
from typing import Any

from domain.chat.content import Part, Refusal, Text, ToolCall, ToolResult
from domain.chat.json_arguments import parse_arguments
from domain.chat.request import ChatRequest, Tool
from tests.translation.requests_across import Crossing, crossings, each_foreign_pair, holds_for

WRAPPED = ("__raw__", "input")
"""The one argument that stands for a text which is no JSON object."""


def heard(crossing: Crossing) -> ChatRequest:
    """The request as the upstream reads it."""
    return crossing.route.upstream.parse_request({"model": "m", **crossing.out})


def flat(parts: Iterator[Part] | tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, ToolResult):
            yield from part.parts


def texts(request: ChatRequest) -> list[str]:
    """Every text and refusal, results' included, in their order."""
    return [
        part.text
        for message in request.messages
        for part in flat(message.parts)
        if isinstance(part, (Text, Refusal)) and part.text.strip()
    ]


def called(request: ChatRequest) -> list[ToolCall]:
    return [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]


def meaning(call: ToolCall) -> Any:
    """What a call's arguments say: an object, or the text that stands in one's place."""
    arguments = None if call.kind == "custom" else parse_arguments(call.raw)
    if isinstance(arguments, dict) and len(arguments) == 1 and next(iter(arguments)) in WRAPPED:
        (arguments,) = arguments.values()
    return arguments if arguments is not None else call.raw or {}


@each_foreign_pair
def test_what_was_said_and_called_and_the_tools_arrive(client: str, upstream: str) -> None:
    @holds_for(crossings(upstream, client=client), examples=15)
    def holds(crossing: Crossing) -> None:
        _assert_every_text_arrives(crossing)
        _assert_calls_keep_names_and_arguments(crossing)
        _assert_tools_keep_names_and_descriptions(crossing)

    holds()


def _assert_every_text_arrives(crossing: Crossing) -> None:
    told = texts(heard(crossing))
    values, whole = set(map(_same_json, told)), "\n".join(told)
    for text in texts(crossing.asked):
        # A trailing space before the answer is refused, and what is JSON may be spelled otherwise.
        assert text.strip() in whole or _same_json(text) in values


def _same_json(text: str) -> str:
    """One spelling for all texts that are the same JSON value; other texts as they are."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict) and value.keys() == {"output"} and isinstance(value["output"], str):
        return _same_json(value["output"])
    return json.dumps(value, sort_keys=True)


def _assert_calls_keep_names_and_arguments(crossing: Crossing) -> None:
    told, names = called(heard(crossing)), crossing.sent.tool_names
    assert [names.original(call.name) for call in told] == [call.name for call in called(crossing.asked)]
    assert [meaning(call) for call in told] == [meaning(call) for call in called(crossing.asked)]


def _assert_tools_keep_names_and_descriptions(crossing: Crossing) -> None:
    names, choice = crossing.sent.tool_names, crossing.asked.tool_choice
    told = {names.original(tool.name): tool for tool in heard(crossing).tools if isinstance(tool, Tool)}
    asked = {tool.name: tool for tool in crossing.asked.tools if isinstance(tool, Tool)}
    for tool in asked.values():
        if not (choice and choice.names) or tool.name in choice.names:
            assert (tool.description or None) == (told[tool.name].description or None)
