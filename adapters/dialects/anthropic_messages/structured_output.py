"""A demanded shape of the answer: native, as a tool the model must call, or as a sentence.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs (2026-11).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from adapters.dialects.anthropic_messages.reasoning import ThinkingPlan
from adapters.dialects.anthropic_messages.schema import input_schema, output_schema
from adapters.dialects.anthropic_messages.tools import ToolPlan, can_force
from adapters.dialects.anthropic_messages.vocabulary import JSON_TOOL, Block, compact
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ResponseFormat
from domain.json_types import JSON
from domain.models.profile import ModelProfile
from domain.values import dataclass

_JSON_SENTENCE: Final = "Respond with one JSON object only: no other text before or after it."
_SCHEMA_SENTENCE: Final = "Respond with one JSON value only, with no other text, that matches this JSON Schema: "
_AT: Final = "/response_format"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """`native`: the value of output_config.format. `sentence`: an instruction to add. `tools`: as they are now."""

    tools: ToolPlan
    native: Block | None = None
    sentence: str | None = None
    losses: tuple[Loss, ...] = ()


def plan_output(
    wanted: ResponseFormat | None, tools: ToolPlan, profile: ModelProfile, thinking: ThinkingPlan
) -> OutputPlan:
    """How to make the model answer in the shape that is `wanted`."""
    if wanted is None:
        return OutputPlan(tools=tools)
    if wanted.kind == "text":
        loss = Loss("dropped_param", _AT, "an answer is text anyway", LossKind.HINT)
        return OutputPlan(tools=tools, losses=(loss,))
    if wanted.kind == "json_object":
        loss = Loss("json_object_emulated", _AT, "asked for by an instruction")
        return OutputPlan(tools=tools, sentence=_JSON_SENTENCE, losses=(loss,))
    if profile.json_schema and (profile.json_schema_with_tools or not tools.tools):
        output = output_schema(wanted.schema)
        if output is not None:
            relaxed = Loss("schema_relaxed", f"{_AT}/json_schema/schema", "some constraints became descriptions")
            native = {"type": "json_schema", "schema": output.schema}
            losses = (*_unsaid(wanted), *((relaxed,) if output.relaxed else ()))
            return OutputPlan(tools=tools, native=native, losses=losses)
    if _forced_elsewhere(tools.choice):
        loss = Loss("dropped_param", _AT, "the answer must be a call of a tool", LossKind.PARAMETER)
        return OutputPlan(tools=tools, losses=(loss,))
    if can_force(profile, thinking) and _is_object(wanted.schema):
        loss = Loss("json_schema_emulated", _AT, "asked for as the call of a tool", LossKind.HINT)
        described = replace(wanted, description=None)  # which the tool has
        return OutputPlan(tools=_with_json_tool(tools, wanted), losses=(loss, *_unsaid(described)))
    loss = Loss("json_schema_emulated", _AT, "asked for by an instruction")
    sentence = _SCHEMA_SENTENCE + compact(_schema(wanted.schema))
    return OutputPlan(tools=tools, sentence=sentence, losses=(loss, *_unsaid(wanted)))


def _unsaid(wanted: ResponseFormat) -> Iterator[Loss]:
    """What this wire does not say of a shape: its name, and that it is binding, which it always is."""
    for name, value in (("name", wanted.name), ("description", wanted.description), ("strict", wanted.strict)):
        if value is not None:
            yield Loss("dropped_param", f"{_AT}/json_schema/{name}", "schemas have none here", LossKind.HINT)


def _forced_elsewhere(choice: Block | None) -> bool:
    """Whether the answer must be a call of one of the caller's own tools, so that its text has no shape."""
    return choice is not None and choice["type"] in {"any", "tool"}


def _with_json_tool(tools: ToolPlan, wanted: ResponseFormat) -> ToolPlan:
    """`tools` and one whose input is the answer; where the caller's may be called too, either is."""
    tool: Block = {
        "name": JSON_TOOL,
        "description": wanted.description or "Give the final answer by calling this tool.",
        "input_schema": input_schema(wanted.schema),
    }
    callable_tools = tools.tools and (tools.choice is None or tools.choice["type"] != "none")
    if not callable_tools:
        choice: Block = {"type": "tool", "name": JSON_TOOL, "disable_parallel_tool_use": True}
    else:
        choice = {**(tools.choice or {}), "type": "any"}
    return replace(tools, tools=[*tools.tools, tool], choice=choice)


def _is_object(schema: JSON) -> bool:
    """Whether the input of a tool can have the shape, which is an object always."""
    return not isinstance(schema, dict) or schema.get("type", "object") == "object"


def _schema(schema: JSON) -> JSON:
    return schema if schema is not None else {"type": "object"}
