"""What buffered and streamed answers to clients have in common: heads, endings, counts, citations.

Sources: https://platform.claude.com/docs/en/api/messages and …/build-with-claude/handling-stop-reasons (2026-11).
"""

from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import CALL_ID, FAMILY, Block
from adapters.dialects.contract import Reply
from adapters.dialects.identity import minted
from adapters.dialects.sealed import Sealed, seal
from domain.chat.content import Citation
from domain.chat.repair import wire_id
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage
from domain.json_types import JSON

_STOP_REASONS: Final = MappingProxyType(
    {
        FinishReason.STOP: "end_turn",
        FinishReason.LENGTH: "max_tokens",
        FinishReason.TOOL_CALLS: "tool_use",
        FinishReason.CONTENT_FILTER: "refusal",
        FinishReason.PAUSE: "pause_turn",
        FinishReason.OTHER: "end_turn",
    }
)
REFUSAL_CATEGORIES: Final = frozenset({"cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"})
"""What a refusal may be about; the format knows no others."""

_CONTEXT_WINDOW: Final = "context_window"
_TIERS: Final = MappingProxyType({"standard": "standard", "default": "standard", "priority": "priority"})
_TTLS: Final = ("5m", "1h")
_SERVER_TOOLS: Final = ("web_search", "web_fetch")


def message(answer_id: str, reply: Reply, content: list[Block]) -> Block:
    """A message up to its ending. `answer_id` is the upstream's."""
    return {
        "id": minted("msg_", answer_id),
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
    }


def ending(finish: Finish, *, declined: bool) -> Block:
    """How the message ended. `declined`: the model said so in a refusal of its own, not by the ending."""
    reason = FinishReason.CONTENT_FILTER if declined and finish.reason is FinishReason.STOP else finish.reason
    word = _STOP_REASONS[reason]
    details: Block | None = None
    if reason is FinishReason.CONTENT_FILTER:
        category = finish.category if finish.category in REFUSAL_CATEGORIES else None
        details = {"type": "refusal", "category": category, "explanation": finish.explanation}
    elif reason is FinishReason.STOP and finish.stop_sequence is not None:
        word = "stop_sequence"
    elif reason is FinishReason.LENGTH and finish.detail == _CONTEXT_WINDOW:
        word = "model_context_window_exceeded"
    return {
        "stop_reason": word,
        "stop_sequence": finish.stop_sequence if word == "stop_sequence" else None,
        "stop_details": details,
    }


def usage(counts: Usage | None) -> Block:
    """Token counts; ours hold the cache's reads and writes in the prompt, the wire counts them beside it.

    The wire has no word for a count that is not known: input and output are 0 then, the others left out.
    """
    counts = counts or Usage()
    read, written = counts.cache_read_tokens, counts.cache_write_tokens
    fresh = (counts.prompt_tokens or 0) - (read or 0) - (written or 0)
    told: Block = {
        "input_tokens": max(0, fresh),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": _by_ttl(counts),
        "output_tokens": counts.completion_tokens or 0,
        "server_tool_use": _server_tool_use(counts),
    }
    if counts.reasoning_tokens is not None:
        told["output_tokens_details"] = {"thinking_tokens": counts.reasoning_tokens}
    return {name: value for name, value in told.items() if value is not None}


def service_tier(tier: str | None) -> Block:
    """The member of a message's usage that tells the tier, where the format has a word for it."""
    word = _TIERS.get(tier) if tier is not None else None
    return {} if word is None else {"service_tier": word}


def citation(cited: Citation) -> JSON:
    """A citation; None for a kind that only another vendor has.

    Where in the text it stands has no place here. `encrypted_index` is Anthropic's own and may not be empty, so it
    is a seal of nothing, which nobody takes for a location when it comes back.
    """
    own = cited.ext.get(FAMILY)
    if own is not None:
        return dict(own)
    if cited.kind != "url":
        return None
    return {
        "type": "web_search_result_location",
        "cited_text": cited.cited_text or "",
        "url": cited.url or "",
        "title": cited.title,
        "encrypted_index": seal(Sealed(None)),
    }


def tool_use(call_id: str | None, name: str | None, arguments: Block) -> Block:
    """A call; its id is one that the API would take back."""
    return {
        "type": "tool_use",
        "id": wire_id(call_id or "", CALL_ID, "toolu_"),
        "name": name or "",
        "input": arguments,
    }


def _by_ttl(counts: Usage) -> Block | None:
    known = counts.cache_write_tokens_by_ttl
    if not any(ttl in known for ttl in _TTLS):
        return None
    return {f"ephemeral_{ttl}_input_tokens": known.get(ttl, 0) for ttl in _TTLS}


def _server_tool_use(counts: Usage) -> Block | None:
    calls = counts.server_tool_calls
    if not calls:
        return None
    return {f"{tool}_requests": calls.get(tool, 0) for tool in dict.fromkeys((*_SERVER_TOOLS, *calls))}
