"""Calls and their results: items → canonical parts."""

from collections.abc import Collection
from typing import Final, Literal

from adapters.dialects import json_codec
from adapters.dialects.openai_responses.content_parts import parse_content
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from domain.chat.content import Document, Image, Text, ToolCall, ToolResult
from domain.chat.json_arguments import parse_arguments

FUNCTION_CALL: Final = "function_call"
CUSTOM_CALL: Final = "custom_tool_call"
FUNCTION_RESULT: Final = "function_call_output"
CUSTOM_RESULT: Final = "custom_tool_call_output"
_IN_RESULTS: Final = ("input_text", "input_image", "input_file")


def flattened(namespace: str, name: str) -> str:
    """The name of a tool that stands in a namespace, for vendors that have none."""
    return f"{namespace}__{name}"


def parse_call(item: Members, kind: Literal["function", "custom"], tool_names: Collection[str]) -> ToolCall:
    """A call whose `type` was taken; `tool_names` are those of the request's tools.

    A namespace that the request does not declare (the API names one after each tool that it found by searching)
    is no part of the tool's name.
    """
    call_id, name = item.need_text("call_id"), item.need_text("name")
    namespace = item.take_text("namespace")
    if namespace is not None:
        item.keep("namespace", namespace)
        whole = flattened(namespace, name)
        name = whole if whole in tool_names else name
    if kind == "custom":
        raw = item.take_text("input") or ""
        return ToolCall(id=call_id, name=name, raw=raw, kind=kind, ext=item.leftovers())
    raw = _arguments(item)
    return ToolCall(id=call_id, name=name, raw=raw, arguments=parse_arguments(raw), ext=item.leftovers())


def parse_result(item: Members, kind: str) -> ToolResult:
    """A result whose `type` was taken and is `kind`."""
    call_id, path = item.need_text("call_id"), item.at("output")
    output = item.take("output")
    if output is None:
        raise malformed(path, "a string or a list of parts", None)
    parts: list[Text | Image | Document] = []
    for index, part in enumerate(parse_content(output, path)):
        if not isinstance(part, (Text, Image, Document)):
            raise not_one_of(f"{path}[{index}].type", _IN_RESULTS, type(part).__name__.lower())
        parts.append(part)
    if kind == CUSTOM_RESULT:
        item.keep("type", kind)
    return ToolResult(call_id=call_id, parts=tuple(parts), ext=item.leftovers())


def _arguments(item: Members) -> str:
    """The arguments' text; an object in its place is written as one."""
    value = item.take("arguments")
    if isinstance(value, dict):
        return json_codec.encode(value).decode()
    if value is None or isinstance(value, str):
        return value or ""
    raise malformed(item.at("arguments"), "a string of JSON", value)
