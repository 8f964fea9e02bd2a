"""A request that was written in this very dialect, as it was written: the inverse of parsing, without repairs.

Only a conversation that another vendor's model took part in is repaired: its thoughts and signatures stay behind.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.cache_hints import cache_control
from adapters.dialects.anthropic_messages.messages import Conversation, render_conversation
from adapters.dialects.anthropic_messages.own_blocks import restore_content
from adapters.dialects.anthropic_messages.reasoning import THOUGHTS_MISSING
from adapters.dialects.anthropic_messages.server_tools import NAMED_BY_KIND, server_tool_name
from adapters.dialects.anthropic_messages.thoughts import is_own
from adapters.dialects.anthropic_messages.turns import has_thoughts
from adapters.dialects.anthropic_messages.vocabulary import FAMILY, Block, is_marked, left_over
from adapters.dialects.contract import RenderedRequest, Target
from domain.chat.content import Part, Reasoning, Text, ToolCall
from domain.chat.loss import Loss
from domain.chat.request import BuiltinTool, ChatRequest, Effort, Message, Role, Tool, ToolMode
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON

_MODES: Final = MappingProxyType({ToolMode.AUTO: "auto", ToolMode.NONE: "none", ToolMode.REQUIRED: "any"})
_TIERS: Final = MappingProxyType({"standard": "standard_only"})


def restore_request(request: ChatRequest, target: Target) -> RenderedRequest:
    """The request for `target`, which only says by which name its model goes."""
    thinking, effort = _thinking(request)
    losses: tuple[Loss, ...] = ()
    if any(_is_foreign(part) for message in request.messages for part in message.parts):
        conversation = render_conversation(request.messages, target, ToolNames())
        told, losses = _repaired(conversation), (*conversation.losses, *conversation.marks.losses)
        if thinking is not None and thinking["type"] == "enabled" and not has_thoughts(conversation.turns):
            thinking, losses = None, (*losses, THOUGHTS_MISSING)
    else:
        told = _told(request.messages)
    wanted = request.response_format
    sampling = request.sampling
    tier = request.service_tier
    rendered: Block = {
        "model": target.model,
        "max_tokens": request.max_output_tokens,
        **told,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "tool_choice": _choice(request),
        "thinking": thinking,
        "output_config": _present(
            effort=effort,
            format=None if wanted is None else {"type": "json_schema", "schema": wanted.schema},
        ),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop_sequences": list(sampling.stop) or None,
        "metadata": _present(user_id=request.end_user),
        "service_tier": None if tier is None else _TIERS.get(tier, tier),
        "stream": request.stream or None,
    }
    return RenderedRequest(
        body=_laid_over(left_over(request.ext), _present(**rendered) or {}),
        losses=losses,
    )


def _told(messages: tuple[Message, ...]) -> Block:
    """`system` and `messages` as they were written."""
    told: Block = {"messages": []}
    for message in messages:
        if message.standing:
            told["system"] = restore_content(message.parts)
        elif is_marked(message.ext):
            told["messages"][-1]["content"] += restore_content(message.parts)
        else:
            told["messages"].append(_message(message))
    return told


def _repaired(conversation: Conversation) -> Block:
    return {
        "system": conversation.system or None,
        "messages": [turn.rendered() for turn in conversation.turns],
    }


def _is_foreign(part: Part) -> bool:
    """Whether another vendor's model had a hand in the part, or nobody signed a thought."""
    match part:
        case Reasoning(signature=signature):
            return not is_own(signature)
        case Text(citations=citations):
            return part.signature is not None or any(FAMILY not in citation.ext for citation in citations)
        case ToolCall(signature=signature):
            return signature is not None
        case _:
            return False


def _message(message: Message) -> Block:
    role = Role.USER if message.role is Role.TOOL else message.role
    return {"role": role.value, "content": restore_content(message.parts), **left_over(message.ext)}


def _tool(tool: Tool | BuiltinTool) -> Block:
    if isinstance(tool, BuiltinTool):
        named = {"name": tool.kind} if tool.kind in NAMED_BY_KIND else {}
        return {"type": tool.native_type, **named, **tool.options}
    members = _present(
        name=tool.name, description=tool.description, input_schema=tool.parameters, strict=tool.strict
    )
    return {**(members or {}), **cache_control(tool.cache), **left_over(tool.ext)}


def _choice(request: ChatRequest) -> Block | None:
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if choice is None:
        return None
    serial: Block = {} if parallel is None else {"disable_parallel_tool_use": not parallel}
    if choice.builtin is not None:
        tools = (tool for tool in request.tools if isinstance(tool, BuiltinTool))
        name = next(server_tool_name(tool) for tool in tools if tool.native_type == choice.builtin)
        return {"type": "tool", "name": name, **serial}
    if choice.mode is ToolMode.NAMED:
        return {"type": "tool", "name": choice.names[0], **serial}
    return {"type": _MODES[choice.mode], **serial}


def _thinking(request: ChatRequest) -> tuple[Block | None, str | None]:
    """`thinking`, and the effort that stands elsewhere."""
    settings = request.reasoning
    if settings is None:
        return None, None
    left = dict(left_over(settings.ext))
    if settings.effort is Effort.NONE:
        effort = left.pop("effort", None)
        return {"type": "disabled", **left}, effort
    effort = None if settings.effort is None else settings.effort.value
    shown = {} if settings.visible is None else {"display": "summarized" if settings.visible else "omitted"}
    if settings.budget_tokens is not None:
        return {"type": "enabled", "budget_tokens": settings.budget_tokens, **shown, **left}, effort
    return ({"type": "adaptive", **shown, **left} if settings.adaptive else None), effort


def _present(**members: JSON) -> Block | None:
    """The members that are there, or None where there is none."""
    return {name: value for name, value in members.items() if value is not None} or None


def _laid_over(left: Mapping[str, JSON], rendered: Block) -> Block:
    """`rendered` with the leftovers of it and of the objects in it."""
    inner = {
        name: _laid_over(left[name], value)
        if isinstance(value, dict) and isinstance(left.get(name), dict)
        else value
        for name, value in rendered.items()
    }
    return {**left, **inner}
