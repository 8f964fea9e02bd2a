"""How many tokens a request or a text has, without its vendor's vocabulary.

For requests whose upstream has no counting endpoint, for checks before a call, and for the usage of answers that
were cut. Half of all estimates are within a few percent; what a vendor adds out of sight (the prompts of tools it
runs itself, what it keeps of a conversation) no estimate sees.
"""

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from domain.chat.content import (
    Audio,
    Document,
    Family,
    Image,
    Opaque,
    OpaquePart,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.request import BuiltinTool, ChatRequest, Message, Role, Tool, ToolMode
from domain.json_types import JSON
from domain.models.media_tokens import count_media
from domain.models.text_tokens import SEPARATOR, count_text
from domain.models.token_rates import TokenRates, rates_for

_CHAT_COMPLETIONS: Final = "openai_chat"
_FORCED: Final = frozenset({ToolMode.REQUIRED, ToolMode.NAMED})
_LONGEST_WORD: Final = 256
"""Longer strings without a blank, in what only a vendor understands, are taken for encoded bytes."""


def estimate_text(text: str, family: Family, model: str = "") -> int:
    """The tokens of `text` in the vocabulary of `family`, or of its `model` where that has another one."""
    rates = rates_for(family, model)
    return round(count_text(text, rates.text) * rates.density)


def estimate_tokens(request: ChatRequest, family: Family) -> int:
    """The prompt tokens of `request` at a vendor of `family`, where `request.model` is the vendor's own id.

    Text, tools and schemas, replayed reasoning, and media by their size; base64 is never counted as text. At
    least one.
    """
    return max(1, round(_tally(request, family, rates_for(family, request.model))))


def _tally(request: ChatRequest, family: Family, rates: TokenRates) -> float:
    tally = _Tally(family, rates)
    tally.tokens += rates.request
    remembered_from = _last_question(request.messages) if rates.forgets_thoughts else 0
    for position, message in enumerate(request.messages):
        tally.message(message, with_thoughts=position >= remembered_from)
    if request.tools:
        tally.tools(request.tools)
        if request.source == _CHAT_COMPLETIONS:
            tally.tokens += rates.chat_tools
        if request.tool_choice is not None and request.tool_choice.mode in _FORCED:
            tally.tokens += rates.forced_call
    wanted = request.response_format
    if wanted is not None and wanted.schema is not None and rates.reads_answer_schema:
        tally.tokens += rates.answer_schema
        tally.schema(wanted.schema)
    if request.reasoning is not None:
        tally.tokens += rates.adaptive_thinking if request.reasoning.adaptive else rates.thinking
    return tally.total()


def _last_question(messages: Sequence[Message]) -> int:
    """Where the last message of the user stands that is more than the results of tools."""
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if message.role is Role.USER and not all(isinstance(part, ToolResult) for part in message.parts):
            return position
    return 0


class _Tally:
    """What a request holds: texts, to be counted at once, and the tokens of everything else."""

    __slots__ = ("_family", "_rates", "_texts", "tokens")

    def __init__(self, family: Family, rates: TokenRates) -> None:
        self._family = family
        self._rates = rates
        self._texts: list[str] = []
        self.tokens = 0.0

    def total(self) -> float:
        return self.tokens + self._rates.density * count_text(SEPARATOR.join(self._texts), self._rates.text)

    def message(self, message: Message, *, with_thoughts: bool) -> None:
        self.tokens += self._rates.message
        for part in message.parts:
            if with_thoughts or not isinstance(part, Reasoning):
                self._part(part)

    def tools(self, tools: Iterable[Tool | BuiltinTool]) -> None:
        self.tokens += self._rates.tools
        for tool in tools:
            self.tokens += self._rates.tool
            if isinstance(tool, BuiltinTool):
                self._opaque(tool.options)
                continue
            self._texts.append(tool.name)
            if tool.description is not None:
                self._texts.append(tool.description)
            self.schema(tool.parameters)
            self._opaque(tool.grammar)

    def schema(self, schema: JSON) -> None:
        """A JSON Schema: its names, words and values, and what it takes to write its structure."""
        if isinstance(schema, list):
            for branch in schema:
                self.schema(branch)
        if not isinstance(schema, dict):
            return
        for keyword, value in schema.items():
            match keyword, value:
                case (("properties" | "$defs" | "definitions"), dict()):
                    self._properties(value)
                case "description", str():
                    self._texts.append(value)
                case "enum", list():
                    self.tokens += self._rates.keyword * len(value)
                    self._texts += (str(choice) for choice in value)
                case _, (dict() | list()):
                    self.schema(value)
                case _:
                    self.tokens += self._rates.keyword

    def _properties(self, properties: dict[str, JSON]) -> None:
        self.tokens += self._rates.property * len(properties)
        self._texts += properties
        for schema in properties.values():
            self.schema(schema)

    def _part(self, part: Part) -> None:
        match part:
            case Text(text=text, signature=signature):
                self._texts.append(text)
                self._sealed(signature)
            case Refusal(text=text) | Document(source=PlainText(text=text)):
                self._texts.append(text)
            case ToolCall():
                self.tokens += self._rates.call
                self._texts += (part.name, part.raw)
                self._sealed(part.signature)
            case ToolResult(parts=parts):
                self.tokens += self._rates.result
                for inner in parts:
                    self._part(inner)
            case Reasoning():
                self._reasoning(part)
            case Image() | Document() | Audio():
                self.tokens += count_media(part, self._rates.media)
            case OpaquePart(family=family, raw=raw):
                if family == self._family:
                    self._opaque(raw)
            case _:
                assert_never(part)

    def _reasoning(self, part: Reasoning) -> None:
        """Vendors that take thoughts back sealed read what is in the seal; the others read the text."""
        if self._rates.reads_thoughts:
            self._texts.append(part.text)
        self._sealed(part.signature)

    def _sealed(self, signature: Opaque | None) -> None:
        if signature is not None and signature.family == self._family:
            sealed = max(0, len(signature.value) - self._rates.sealed_envelope)
            self.tokens += self._rates.sealed_character * sealed

    def _opaque(self, value: JSON) -> None:
        """What only its vendor understands: its words, without what looks like encoded bytes."""
        if isinstance(value, str):
            if len(value) <= _LONGEST_WORD or " " in value[:_LONGEST_WORD]:
                self._texts.append(value)
        elif isinstance(value, dict):
            for inner in value.values():
                self._opaque(inner)
        elif isinstance(value, list):
            for inner in value:
                self._opaque(inner)
