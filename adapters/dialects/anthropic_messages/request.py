"""A canonical request as a Messages request.

Source: https://platform.claude.com/docs/en/api/messages (2026-11).
"""

import re
from itertools import chain
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.leftovers import leftover_losses, refuse_impossible
from adapters.dialects.anthropic_messages.messages import Conversation, render_conversation
from adapters.dialects.anthropic_messages.own_request import restore_request
from adapters.dialects.anthropic_messages.reasoning import ThinkingPlan, plan_thinking
from adapters.dialects.anthropic_messages.structured_output import OutputPlan, plan_output
from adapters.dialects.anthropic_messages.tools import declarations, plan_tools
from adapters.dialects.anthropic_messages.turns import called_tools, has_thoughts, with_good_end
from adapters.dialects.anthropic_messages.vocabulary import NAME, TOOL_NAME, Block, left_over, text_block
from adapters.dialects.contract import RenderedRequest, Target
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Sampling
from domain.chat.tool_names import ToolNames

_SERVICE_TIERS: Final = MappingProxyType(
    {"auto": "auto", "priority": "auto", "standard": "standard_only", "default": "standard_only"}
)
_PERSONAL: Final = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+|\+?[\d\s()-]{7,}")
_LEAST_TOP_P: Final = 0.95
"""The least top_p that the API takes while the model thinks."""


def render_request(request: ChatRequest, target: Target) -> RenderedRequest:
    """`request` for `target`; raises UnsupportedFeature where it cannot be expressed at all.

    What was written in this dialect goes out as it came; what came from another is fitted and repaired.
    """
    if request.source == NAME:
        return restore_request(request, target)
    rare = not request.is_simple
    if rare:
        refuse_impossible(request)
    profile = target.profile
    names = ToolNames.of(request, TOOL_NAME)
    told = render_conversation(request.messages, target, names)
    thoughts_kept = request.reasoning is None or has_thoughts(told.turns)
    thinking = plan_thinking(request, profile, history_has_thoughts=thoughts_kept)
    offered = plan_tools(request, names, profile, thinking, told.marks)
    output = plan_output(request.response_format, offered, profile, thinking)
    tools = output.tools
    ending = with_good_end(
        told.turns,
        prefill=profile.prefill and not thinking.on and output.native is None,
        last=len(request.messages) - 1,
    )
    body, hints = _body(request, target, told, thinking, output)
    sampling, sampling_losses = _sampling(request.sampling, thinking, allowed=profile.sampling)
    settings, setting_losses = _settings(request) if rare or request.sampling.stop else ({}, [])
    return RenderedRequest(
        body={**left_over(request.ext), **body, **sampling, **settings},
        losses=(
            *told.losses,
            *hints,
            *ending,
            *thinking.losses,
            *tools.losses,
            *output.losses,
            *sampling_losses,
            *setting_losses,
            *leftover_losses(request, rare=rare),
        ),
        tool_names=names,
        custom_tools=tools.custom,
    )


def _body(
    request: ChatRequest, target: Target, told: Conversation, thinking: ThinkingPlan, output: OutputPlan
) -> tuple[Block, tuple[Loss, ...]]:
    system, tools, choice = told.system, output.tools.tools, output.tools.choice
    if output.sentence is not None:
        system = [*system, text_block(output.sentence)]
    if not tools and not told.plain:
        used = called_tools(told.turns)
        tools, choice = (declarations(used), {"type": "none"}) if used else (tools, choice)
    said = () if told.plain else chain(system, chain.from_iterable(turn.blocks for turn in told.turns))
    lost_hints = told.marks.limit(chain(tools, said))
    config: Block = {} if thinking.effort is None else {"effort": thinking.effort}
    if output.native is not None:
        config["format"] = output.native
    body: Block = {
        "model": target.model,
        "max_tokens": thinking.max_tokens,
        "messages": [turn.rendered() for turn in told.turns],
    }
    optional = {
        "system": system,
        "tools": tools,
        "tool_choice": choice,
        "thinking": thinking.thinking,
        "output_config": config,
        "stream": request.stream,
    }
    return body | {name: value for name, value in optional.items() if value}, lost_hints


def _sampling(given: Sampling, thinking: ThinkingPlan, *, allowed: bool) -> tuple[Block, list[Loss]]:
    """The sampling parameters that the model takes."""
    body: Block = {
        name: value
        for name, value in (("temperature", given.temperature), ("top_p", given.top_p), ("top_k", given.top_k))
        if value is not None
    }
    if allowed and not thinking.on and len(body) < 2 and body.get("temperature", 0) <= 1:
        return body, []
    return _fitted(body, thinking, allowed=allowed)


def _fitted(body: Block, thinking: ThinkingPlan, *, allowed: bool) -> tuple[Block, list[Loss]]:
    """`body`, changed to what the model takes: while it thinks that is next to nothing."""
    losses: list[Loss] = []

    def drop(name: str, why: str) -> None:
        if body.pop(name, None) is not None:
            losses.append(Loss("dropped_param", f"/{name}", why, LossKind.PARAMETER))

    if not allowed:
        for name in tuple(body):
            drop(name, "the model does not take it")
    given = body.get("temperature", 0)
    if given > 1:
        body["temperature"] = 1
        losses.append(Loss("clamped_param", "/temperature", f"1 instead of {given}"))
    if thinking.on:
        drop("top_k", "not while the model thinks")
        if body.get("temperature") != 1:
            drop("temperature", "not while the model thinks")
        if body.get("top_p", 1) < _LEAST_TOP_P:
            drop("top_p", f"not below {_LEAST_TOP_P} while the model thinks")
    if "temperature" in body:
        drop("top_p", "not beside temperature")
    return body, losses


def _settings(request: ChatRequest) -> tuple[Block, list[Loss]]:
    """Stop sequences, the end user's name, and the service tier."""
    body: Block = {}
    losses: list[Loss] = []
    stop = [text for text in request.sampling.stop if text.strip()]
    if stop:
        body["stop_sequences"] = stop
    if len(stop) < len(request.sampling.stop):
        losses.append(Loss("dropped_param", "/stop", "a stop sequence of white space", LossKind.PARAMETER))
    if request.end_user:
        if _PERSONAL.fullmatch(request.end_user):  # the API refuses names that look like an address or a number
            losses.append(
                Loss("dropped_param", "/user", "looks like an e-mail address or a number", LossKind.HINT)
            )
        else:
            body["metadata"] = {"user_id": request.end_user}
    if request.service_tier is not None:
        tier = _SERVICE_TIERS.get(request.service_tier)
        if tier is None:
            losses.append(Loss("dropped_param", "/service_tier", "no such tier here", LossKind.PARAMETER))
        else:
            body["service_tier"] = tier
    return body, losses
