"""A buffered answer, and what streamed answers share with it: endings, usage, calls, citations.

Sources: https://platform.claude.com/docs/en/api/messages and …/build-with-claude/handling-stop-reasons (2026-11).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from adapters.dialects.anthropic_messages.errors import reported_error
from adapters.dialects.anthropic_messages.vocabulary import CUSTOM_INPUT, FAMILY, JSON_TOOL, compact
from adapters.dialects.contract import RenderedRequest
from domain.chat import events as ev
from domain.chat.content import Citation, Opaque, OpaquePart, Part, Reasoning, Text, ToolCall
from domain.chat.events import StreamEvent
from domain.chat.fold import fold, unfold_part
from domain.chat.json_arguments import parse_arguments
from domain.chat.response import ChatResponse, Finish, FinishReason
from domain.chat.tool_names import ToolNames
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedResponse
from domain.json_types import JSON
from domain.values import dataclass

_ENDINGS: Final = MappingProxyType(
    {
        "end_turn": (FinishReason.STOP, None),
        "stop_sequence": (FinishReason.STOP, None),
        "max_tokens": (FinishReason.LENGTH, None),
        "model_context_window_exceeded": (FinishReason.LENGTH, "context_window"),
        "tool_use": (FinishReason.TOOL_CALLS, None),
        "pause_turn": (FinishReason.PAUSE, None),
        "refusal": (FinishReason.CONTENT_FILTER, "refusal"),
        "compaction": (FinishReason.OTHER, "compaction"),
    }
)
_TTLS: Final = MappingProxyType({"ephemeral_5m_input_tokens": "5m", "ephemeral_1h_input_tokens": "1h"})
_NO_COUNTS: Final[Mapping[str, int]] = MappingProxyType({})
_CITATION_KINDS: Final[Mapping[str, Literal["url", "doc_char", "doc_page", "doc_block", "search_result"]]] = (
    MappingProxyType(
        {
            "web_search_result_location": "url",
            "char_location": "doc_char",
            "page_location": "doc_page",
            "content_block_location": "doc_block",
            "search_result_location": "search_result",
        }
    )
)


@dataclass(frozen=True, slots=True)
class ToolUses:
    """How the answer's tool uses are read back, by the request they answer."""

    names: ToolNames
    custom: frozenset[str]
    json_tool: bool

    @classmethod
    def of(cls, rendered: RenderedRequest) -> "ToolUses":
        """The reading that undoes what `rendered` did."""
        offered = rendered.body.get("tools") or ()
        return cls(
            rendered.tool_names, rendered.custom_tools, any(tool.get("name") == JSON_TOOL for tool in offered)
        )

    def is_answer(self, name: str) -> bool:
        """Whether a use of the tool `name` is the answer's text itself."""
        return self.json_tool and name == JSON_TOOL

    def kind(self, name: str) -> Literal["function", "custom"]:
        """What the tool `name` is to the caller."""
        return "custom" if name in self.custom else "function"


def parse_answer(body: JSON, rendered: RenderedRequest) -> list[StreamEvent]:
    """The events of the answer in `body`.

    Raises MalformedResponse where it breaks the format or has no good ending. A body that is an error in spite of
    its status raises that error.
    """
    if not isinstance(body, dict):
        raise MalformedResponse(f"expected a message object; got {type(body).__name__}")
    if body.get("type") == "error" or (body.get("error") and "content" not in body):
        raise reported_error(body)
    content = body.get("content")
    if not isinstance(content, list):
        raise MalformedResponse("expected a message with a list of content blocks; got none")
    uses = ToolUses.of(rendered)
    parts = [part for block in content if (part := _part(block, uses)) is not None]
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    events: list[StreamEvent] = [
        ev.Started(text_of(body, "id"), text_of(body, "model"), service_tier=service_tier_of(usage))
    ]
    for index, part in enumerate(parts):
        unfold_part(index, part, events)
    called = ToolCall in map(type, parts)
    events.append(ev.Finished(finish_of(body, called=called, json_tool=uses.json_tool)))
    if usage:
        events.append(ev.UsageReported(usage_of(usage)))
    events.append(ev.Ended())
    return events


def parse_response(body: JSON, rendered: RenderedRequest) -> ChatResponse:
    """The answer as one value. Raises the same."""
    return fold(parse_answer(body, rendered))


def finish_of(ending: Mapping[str, JSON], *, called: bool, json_tool: bool) -> Finish:
    """The ending that stop_reason, stop_sequence and stop_details tell.

    called: the answer calls a tool of the caller's. json_tool: one of ours stood for structured output.
    Raises MalformedResponse for an undocumented ending, and with kind TRUNCATED where there is none.
    """
    native = ending.get("stop_reason")
    if native is None:
        raise truncated()
    known = _ENDINGS.get(native) if isinstance(native, str) else None
    if known is None:
        raise MalformedResponse(f"expected a documented stop_reason; got {native!r}")
    reason, detail = known
    if called and reason is FinishReason.STOP:
        reason = FinishReason.TOOL_CALLS
    elif reason is FinishReason.TOOL_CALLS and json_tool and not called:
        reason = FinishReason.STOP
    details = ending.get("stop_details")
    details = details if isinstance(details, dict) else {}
    return Finish(
        reason,
        native=native,
        stop_sequence=text_of(ending, "stop_sequence") or None,
        detail=detail,
        category=text_of(details, "category") or None,
        explanation=text_of(details, "explanation") or None,
    )


def truncated() -> MalformedResponse:
    """The error of an answer that stops without an ending."""
    return MalformedResponse("expected a stop_reason; the answer ended without one", kind=ErrorKind.TRUNCATED)


def usage_of(usage: Mapping[str, JSON]) -> Usage:
    """Token counts; the wire counts cache reads and writes beside input_tokens, we count them in."""
    fresh, generated = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    read, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    prompt = None if fresh is None else fresh + (read or 0) + (written or 0)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=generated,
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_tokens_by_ttl=_written_by_ttl(usage) if "cache_creation" in usage else {},
        reasoning_tokens=_counts(usage, "output_tokens_details").get("thinking_tokens"),
        server_tool_calls=_server_tool_calls(usage) if "server_tool_use" in usage else {},
    )


def _written_by_ttl(usage: Mapping[str, JSON]) -> dict[str, int]:
    written = _counts(usage, "cache_creation")
    return {ttl: written[name] for name, ttl in _TTLS.items() if name in written}


def _server_tool_calls(usage: Mapping[str, JSON]) -> dict[str, int]:
    calls = _counts(usage, "server_tool_use")
    return {name.removesuffix("_requests"): count for name, count in calls.items()}


def _count(usage: Mapping[str, JSON], name: str) -> int | None:
    """The count `name`; None where there is none."""
    value = usage.get(name)
    return value if type(value) is int else None


def _counts(usage: Mapping[str, JSON], name: str) -> Mapping[str, int]:
    """The members of the object `name` that are counts; none where there is no such object."""
    members = usage.get(name)
    if not isinstance(members, dict):
        return _NO_COUNTS
    return {name: value for name, value in members.items() if type(value) is int}


def service_tier_of(usage: Mapping[str, JSON]) -> str | None:
    """The tier that served the answer: `standard` or `priority`."""
    tier = usage.get("service_tier")
    if not isinstance(tier, str):
        return None
    return "standard" if tier == "batch" else tier


def custom_text(raw: str) -> str:
    """The free text in the input of a function that stands for a custom tool; `raw` itself where there is none."""
    arguments = parse_arguments(raw)
    text = arguments.get(CUSTOM_INPUT) if isinstance(arguments, dict) else None
    return text if isinstance(text, str) else raw


def citations_of(block: Mapping[str, JSON]) -> tuple[Citation, ...]:
    """The citations of a text block."""
    given = block.get("citations")
    parsed: Iterable[Citation | None] = map(citation_of, given) if isinstance(given, list) else ()
    return tuple(citation for citation in parsed if citation is not None)


def citation_of(location: JSON) -> Citation | None:
    """A citation; the wire has no offsets, the whole block is what cites. None for kinds we do not know."""
    kind = _CITATION_KINDS.get(str(location.get("type"))) if isinstance(location, dict) else None
    if kind is None:
        return None
    words = {name: value for name, value in location.items() if isinstance(value, str)}
    return Citation(
        kind=kind,
        url=words.get("url") or (words.get("source") if kind == "search_result" else None),
        title=words.get("title") or words.get("document_title"),
        cited_text=words.get("cited_text"),
        ext={FAMILY: location},
    )


def text_of(block: Mapping[str, JSON], name: str) -> str:
    """The string member `name`, absent or null = empty. Raises MalformedResponse where it is something else."""
    value = block.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedResponse(f"expected {name} to be a string; got {type(value).__name__}")
    return value


def need_text(block: Mapping[str, JSON], name: str) -> str:
    """The string member `name`. Raises MalformedResponse where it is absent or empty."""
    text = text_of(block, name)
    if not text:
        raise MalformedResponse(f"expected {block.get('type')} to have {name}; got none")
    return text


def signed(signature: str) -> Opaque | None:
    """A signature, or None for an empty one."""
    return Opaque(family=FAMILY, value=signature) if signature else None


def _part(block: JSON, uses: ToolUses) -> Part | None:
    """The part of a content block; None for an empty text."""
    if not isinstance(block, dict):
        raise MalformedResponse(f"expected content blocks to be objects; got {type(block).__name__}")
    match block.get("type"):
        case "text":
            text = text_of(block, "text")
            citations = citations_of(block)
            return Text(text, citations=citations) if text or citations else None
        case "thinking":
            return Reasoning(text=text_of(block, "thinking"), signature=signed(text_of(block, "signature")))
        case "redacted_thinking":
            return Reasoning(text="", signature=signed(text_of(block, "data")), redacted=True)
        case "tool_use":
            return _tool_use(block, uses)
        case kind:
            return OpaquePart(family=FAMILY, kind=str(kind), raw=block)


def _tool_use(block: Mapping[str, JSON], uses: ToolUses) -> Part:
    name = need_text(block, "name")
    raw = compact(block.get("input") or {})
    if uses.is_answer(name):
        return Text(raw)
    call_id, original = need_text(block, "id"), uses.names.original(name)
    if uses.kind(name) == "custom":
        return ToolCall(id=call_id, name=original, raw=custom_text(raw), kind="custom")
    return ToolCall(id=call_id, name=original, raw=raw, arguments=parse_arguments(raw))
