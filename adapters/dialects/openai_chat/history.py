"""Canonical messages → the `messages` of a request for an upstream that speaks Chat Completions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import Target
from adapters.dialects.openai_chat import reasoning
from adapters.dialects.openai_chat.content_parts import render_cache_hint, render_part
from adapters.dialects.openai_chat.members import FAMILY, left_over
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.tools import CUSTOM_INPUT
from domain.chat import repair
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Message, Role
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON

TOOL_ERROR: Final = "[tool error] "
_CALL_ID: Final = re.compile(r"\S{1,40}")
"""OpenAI refuses longer call ids (seen 2026-11)."""
_ANSWER_ONLY: Final = frozenset({"annotations", "provider_specific_fields"})
"""Members of answers that clients send back with the history and that requests do not know."""


def repaired(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """A conversation from another dialect as the API takes it: every call answered right after its turn."""
    return repair.without_orphans(repair.with_call_ids(messages, _CALL_ID))


def render_messages(
    messages: tuple[Message, ...], target: Target, names: ToolNames, quirks: ChatQuirks
) -> tuple[list[JSON], tuple[Loss, ...]]:
    """The conversation; results' pictures come after the last of them."""
    rendering = _Rendering(target=target, names=names, quirks=quirks)
    rendered = list(rendering.run(messages))
    return rendered, tuple(rendering.losses)


@dataclass(slots=True, kw_only=True)
class _Rendering:
    target: Target
    names: ToolNames
    quirks: ChatQuirks
    losses: list[Loss] = field(default_factory=list)

    def run(self, messages: Iterable[Message]) -> Iterator[JSON]:
        shown: list[JSON] = []
        for index, message in enumerate(messages):
            where = f"/messages/{index}"
            if message.role is not Role.TOOL and shown:
                yield {"role": "user", "content": shown}
                shown = []
            match message.role:
                case Role.TOOL:
                    results = (part for part in message.parts if isinstance(part, ToolResult))
                    for result in results:
                        yield self._result(result, where)
                        shown.extend(self._result_media(result, where))
                case Role.ASSISTANT:
                    yield self._assistant(message, where)
                case Role.SYSTEM | Role.DEVELOPER | Role.USER:
                    yield self._spoken(message, where)
        if shown:
            yield {"role": "user", "content": shown}

    def _spoken(self, message: Message, where: str) -> JSON:
        role = message.role
        if role is Role.DEVELOPER and not self.quirks.developer_role:
            role = Role.SYSTEM
        named = {"name": message.name} if message.name is not None else {}
        return {
            "role": role.value,
            "content": self._content(message.parts, where),
            **named,
            **left_over(message.ext),
        }

    def _content(self, parts: Iterable[Part], where: str) -> JSON:
        """A string where plain text is all there is, else a list of parts."""
        kept: list[Text | Image | Document | Audio] = []
        for index, part in enumerate(parts):
            if isinstance(part, (Text, Image, Document, Audio)):
                self._lose_hint(part, f"{where}/content/{index}")
                kept.append(part)
            else:
                self._lose_part(part, f"{where}/content/{index}")
        if not kept:
            return ""
        rendered = [
            render_part(part, self.quirks.cache_hints, f"{where}/content/{index}")
            for index, part in enumerate(kept)
        ]
        only = rendered[0]
        return only["text"] if len(rendered) == 1 and only.keys() == {"type", "text"} else rendered

    def _assistant(self, message: Message, where: str) -> JSON:
        texts = [part for part in message.parts if isinstance(part, Text) and part.text]
        calls = [self._call(part) for part in message.parts if isinstance(part, ToolCall)]
        refusal = "".join(part.text for part in message.parts if isinstance(part, Refusal))
        rendered: dict[str, JSON] = {
            "role": "assistant",
            "content": self._content(texts, where) if texts else None,
        }
        if message.name is not None:
            rendered["name"] = message.name
        if refusal:
            rendered["refusal"] = refusal
        rendered.update(self._thoughts(message.parts, where))
        rendered.update(self._spoken_audio(message.parts))
        if calls:
            rendered["tool_calls"] = calls
        if rendered["content"] is None and not rendered.keys() & {"tool_calls", "refusal", "audio"}:
            rendered["content"] = ""
        for part in message.parts:
            self._lose_unsaid(part, where)
        rendered.update(
            self._signature(next((text.signature for text in reversed(texts) if text.signature), None))
        )
        kept = {name: value for name, value in left_over(message.ext).items() if name not in _ANSWER_ONLY}
        return {**rendered, **kept}

    def _thoughts(self, parts: Iterable[Part], where: str) -> dict[str, JSON]:
        kept: list[Reasoning] = []
        for thought in (part for part in parts if isinstance(part, Reasoning)):
            own = thought.signature is None or thought.signature.family == self.target.family
            if self.quirks.returns_reasoning and own:
                kept.append(thought)
                continue
            kind = LossKind.HINT if thought.signature is None else LossKind.CHANGE
            self.losses.append(Loss("dropped_reasoning", where, "the upstream does not take it back", kind))
        return reasoning.render_reasoning(kept)

    def _spoken_audio(self, parts: Iterable[Part]) -> dict[str, JSON]:
        for part in parts:
            if isinstance(part, Audio) and isinstance(part.source, FileRef) and part.source.family == FAMILY:
                return {"audio": {"id": part.source.file_id}}
        return {}

    def _call(self, call: ToolCall) -> JSON:
        extra, name = left_over(call.ext), self.names.wire(call.name)
        signature = self._signature(call.signature)
        if call.kind == "custom" and self.quirks.custom_tools:
            custom = {"name": name, "input": call.raw, **extra.get("custom", {})}
            return {"id": call.id, "type": "custom", **extra, "custom": custom, **signature}
        raw = call.raw
        if call.kind == "custom":
            raw = json_codec.encode({CUSTOM_INPUT: call.raw}).decode()
        function = {"name": name, "arguments": raw if raw.strip() else "{}", **extra.get("function", {})}
        return {"id": call.id, "type": "function", **extra, "function": function, **signature}

    def _signature(self, signature: Opaque | None) -> dict[str, JSON]:
        if signature is None or signature.family != self.target.family or signature.family != "google":
            return {}
        return {"extra_content": {"google": {"thought_signature": signature.value}}}

    def _result(self, result: ToolResult, where: str) -> JSON:
        texts = [part for part in result.parts if isinstance(part, Text)]
        rendered: dict[str, JSON] = {"role": "tool", "tool_call_id": result.call_id}
        prefix = TOOL_ERROR if result.is_error else ""
        self._lose_hint(result, where)
        hints = self.quirks.cache_hints
        marked = hints is not None and (result.cache is not None or any(text.cache is not None for text in texts))
        if not marked:
            shown = "" if texts or len(texts) == len(result.parts) else "[see the next user message]"
            content: JSON = prefix + ("\n".join(text.text for text in texts) or shown)
        else:
            content = [render_part(text, hints, where) for text in texts] or [{"type": "text", "text": ""}]
            content[0]["text"] = prefix + content[0]["text"]
            content[-1].update(render_cache_hint(result.cache, hints))
        return {**rendered, "content": content, **left_over(result.ext)}

    def _result_media(self, result: ToolResult, where: str) -> Iterator[JSON]:
        media = [part for part in result.parts if not isinstance(part, Text)]
        if media:
            yield {"type": "text", "text": f"[result of {result.name or 'tool call'} {result.call_id}]"}
        for part in media:
            yield render_part(part, self.quirks.cache_hints, where)

    def _lose_hint(self, part: Text | Image | Document | Audio | ToolResult, where: str) -> None:
        if part.cache is not None and self.quirks.cache_hints is None:
            self.losses.append(Loss("dropped_cache_hint", where, "the upstream knows none", LossKind.HINT))

    def _lose_unsaid(self, part: Part, where: str) -> None:
        """Name what an assistant message of this wire cannot hold."""
        sent_back = isinstance(part, Audio) and isinstance(part.source, FileRef)
        if isinstance(part, (Image, Document, Audio, OpaquePart)) and not sent_back:
            self._lose_part(part, where)

    def _lose_part(self, part: Part, where: str) -> None:
        code = "dropped_opaque_part" if isinstance(part, OpaquePart) else "dropped_media"
        self.losses.append(Loss(code, where, f"no word for {type(part).__name__.lower()} here"))
