"""A chat request as every dialect means it."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, field
from enum import StrEnum
from operator import attrgetter
from typing import Final, Literal

from domain.chat.content import CacheHint, Part, Text
from domain.json_types import JSON, NO_EXT, Ext
from domain.values import dataclass


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


INSTRUCTION_ROLES = frozenset({Role.SYSTEM, Role.DEVELOPER})


_TOOL: Final = Role.TOOL


@dataclass(frozen=True, slots=True)
class Message:
    """One turn, unmerged and in its original place. Parts of a TOOL message are ToolResults only.

    standing: it came beside the conversation, as the request's own instructions (`instructions`, `system`,
    `systemInstruction`), and goes back there where the target has such a place.
    plain_text: the text of a message that says one and nothing beside it, as most do; None where there is more.
    Such a message has nothing to repair and nothing to lose: what looks for that may pass it by.
    """

    role: Role
    parts: tuple[Part, ...]
    _: KW_ONLY
    name: str | None = None
    standing: bool = False
    ext: Ext = NO_EXT
    plain_text: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text: str | None = None
        parts = self.parts
        if len(parts) == 1 and self.name is None and self.role is not _TOOL:
            part = parts[0]
            if isinstance(part, Text) and not (part.citations or part.cache or part.signature):
                bare = (part.ext is NO_EXT and self.ext is NO_EXT) or not _have_members(part.ext, self.ext)
                text = part.text if bare else None
        self.plain_text = text  # type: ignore[misc]  # made with the message, as frozen as the rest of it


def _have_members(*extensions: Ext) -> bool:
    """Whether anything is left over; a dialect may leave a family without members as a mark of its own."""
    return any(members for ext in extensions for members in ext.values())


def is_plain_talk(messages: Iterable[Message]) -> bool:
    """Whether every message is of plain text, so that the conversation needs no repair and loses nothing."""
    return None not in [message.plain_text for message in messages]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may call; `parameters` is its JSON Schema, never mutated, or None for no arguments."""

    name: str
    description: str | None = None
    parameters: JSON = None
    strict: bool | None = None
    kind: Literal["function", "custom"] = "function"
    grammar: JSON = None
    cache: CacheHint | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltinTool:
    """A tool the vendor runs; `kind` is what it does, `native_type` its name there, `options` its settings."""

    kind: Literal["web_search", "web_fetch", "code_execution", "file_search", "mcp", "computer", "other"]
    native_type: str
    options: JSON = None


class ToolMode(StrEnum):
    """Whether the model may, must or must not call a tool."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """`names`: exactly one for NAMED; for AUTO and REQUIRED the allowed subset, empty = all.

    builtin: the native type of a vendor's own tool that must run (REQUIRED only), in place of names.
    """

    mode: ToolMode
    names: tuple[str, ...] = ()
    builtin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """What shape the answer's text must have."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: JSON = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Effort(StrEnum):
    """How hard to think, weakest first; the order of members is the order of effort."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningSettings:
    """How the model should think. `budget_tokens` -1 = as much as it likes; `adaptive` = it decides itself."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    adaptive: bool = False
    visible: bool | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are drawn; None = the model's default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: Mapping[str, float] = field(default_factory=dict)
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One chat request. `messages` keep all roles in their original order.

    max_output_tokens includes reasoning, as in all four APIs. `logprobs`: None = off, else the number of
    alternatives (0 to 20). `ext` holds top-level members the canonical form has no word for, by family.
    `source` names the dialect it was written in: what came from a target's own dialect needs no repairs there.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool | BuiltinTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    sampling: Sampling = Sampling()
    max_output_tokens: int | None = None
    candidates: int = 1
    logprobs: int | None = None
    reasoning: ReasoningSettings | None = None
    modalities: tuple[str, ...] = ()
    audio_output: JSON = None
    prediction: JSON = None
    verbosity: str | None = None
    service_tier: str | None = None
    end_user: str | None = None
    cache_key: str | None = None
    store: bool | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    legacy_functions: bool = False
    stream: bool = False
    include_usage: bool = False
    source: str = ""
    ext: Ext = NO_EXT

    @property
    def is_simple(self) -> bool:
        """Whether it asks for an answer and for nothing that few requests ask.

        These are all parameters but `temperature`, `top_p`, `stop`, `max_output_tokens` and `store`; they have to
        be looked for one by one only where any of them is set.
        """
        return _rare(self) == _NOTHING_RARE and _rarely_drawn(self.sampling) == _NOTHING_DRAWN


_rare: Final = attrgetter(
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "candidates",
    "logprobs",
    "reasoning",
    "modalities",
    "audio_output",
    "prediction",
    "verbosity",
    "service_tier",
    "end_user",
    "cache_key",
    "metadata",
    "ext",
)
_rarely_drawn: Final = attrgetter("top_k", "seed", "frequency_penalty", "presence_penalty", "logit_bias")
_NOTHING_RARE: Final = _rare(ChatRequest(model="", messages=()))
_NOTHING_DRAWN: Final = _rarely_drawn(Sampling())
