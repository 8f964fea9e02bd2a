"""Canonical messages → the `messages` of a request for an upstream that speaks Chat Completions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import Target
from adapters.dialects.leftovers import lost_in_messages
from adapters.dialects.openai_chat import reasoning
from adapters.dialects.openai_chat.content_parts import render_cache_hint, render_part
from adapters.dialects.openai_chat.members import FAMILY, left_over
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.tools import CUSTOM_INPUT
from adapters.dialects.openai_chat.unsaid import ANSWER_ONLY, takes_signature, unsaid
from adapters.dialects.places import Places
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
from domain.chat.loss import Loss, LossKind, path_of
from domain.chat.request import Message, Role, is_plain_talk
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.json_types import JSON

TOOL_ERROR: Final = "[tool error] "
_CALL_ID: Final = re.compile(r"\S{1,40}")
"""OpenAI refuses longer call ids (seen 2026-11)."""


def render_messages(
    messages: tuple[Message, ...], target: Target, names: ToolNames, quirks: ChatQuirks, *, own: bool
) -> tuple[list[JSON], tuple[Loss, ...]]:
    """The conversation; results' pictures come after the last of them.

    own: it was written in this very format and goes back as it was; any other is made one that the API takes, in
    which every call is answered right after its turn.
    """
    plain = is_plain_talk(messages)
    fitted = messages if own or plain else repair.with_call_ids(messages, _CALL_ID)
    told, repairs = (messages, ()) if own or plain else repair.without_orphans(fitted)
    rendering = _Rendering(target=target, names=names, quirks=quirks, own=own, places=Places(fitted))
    rendered = list(rendering.run(told))
    if plain:
        return rendered, ()
    unheard = (*unsaid(messages, target, quirks), *lost_in_messages(messages, FAMILY))
    return rendered, (*repairs, *rendering.losses, *unheard)


@dataclass(slots=True, kw_only=True)
class _Rendering:
    target: Target
    names: ToolNames
    quirks: ChatQuirks
    own: bool
    places: Places
    losses: list[Loss] = field(default_factory=list)

    def run(self, messages: Iterable[Message]) -> Iterator[JSON]:
        shown: list[JSON] = []
        for message in messages:
            if message.role is not Role.TOOL and shown:
                yield {"role": "user", "content": shown}
                shown = []
            text = message.plain_text
            if text:
                yield {"role": self._role(message.role), "content": text}
                continue
            match message.role:
                case Role.TOOL:
                    for part in message.parts:
                        if isinstance(part, ToolResult):
                            yield self._result(part)
                            shown.extend(self._result_media(part))
                        else:
                            self._lose_part(part)
                case Role.ASSISTANT:
                    yield self._assistant(message)
                case Role.SYSTEM | Role.DEVELOPER | Role.USER:
                    yield self._spoken(message)
        if shown:
            yield {"role": "user", "content": shown}

    def _role(self, role: Role) -> str:
        return Role.SYSTEM.value if role is Role.DEVELOPER and not self.quirks.developer_role else role.value

    def _spoken(self, message: Message) -> JSON:
        named = {"name": message.name} if message.name is not None else {}
        return {
            "role": self._role(message.role),
            "content": self._content(self._sayable(message)),
            **named,
            **left_over(message.ext),
        }

    def _sayable(self, message: Message) -> Iterable[Part]:
        """The parts that a message of its role may have: instructions are text."""
        if self.own or message.role is Role.USER:
            yield from message.parts
            return
        for part in message.parts:
            if isinstance(part, Text):
                yield part
            else:
                self._lose_part(part)

    def _content(self, parts: Iterable[Part]) -> JSON:
        """A string where plain text is all there is, else a list of parts."""
        rendered: list[dict[str, JSON]] = []
        for part in parts:
            if isinstance(part, (Text, Image, Document, Audio)):
                rendered.append(self._part(part))
            else:
                self._lose_part(part)
        if not rendered:
            return ""
        only = rendered[0]
        return only["text"] if len(rendered) == 1 and only.keys() == {"type", "text"} else rendered

    def _part(self, part: Text | Image | Document | Audio) -> dict[str, JSON]:
        """The part. Raises UnsupportedFeature, with its path, where the upstream does not take it."""
        try:
            return render_part(part, self.quirks.cache_hints, own=self.own)
        except UnsupportedFeature as refused:
            refused.param = path_of(self.places.pointer(part))
            raise

    def _assistant(self, message: Message) -> JSON:
        texts = [part for part in message.parts if isinstance(part, Text) and part.text]
        calls = [self._call(part) for part in message.parts if isinstance(part, ToolCall)]
        refusal = "".join(part.text for part in message.parts if isinstance(part, Refusal))
        rendered: dict[str, JSON] = {"role": "assistant", "content": self._content(texts) if texts else None}
        if message.name is not None:
            rendered["name"] = message.name
        if refusal:
            rendered["refusal"] = refusal
        rendered.update(self._thoughts(message.parts))
        rendered.update(self._unspoken(message.parts))
        if calls:
            rendered["tool_calls"] = calls
        if rendered["content"] is None and not rendered.keys() & {"tool_calls", "refusal", "audio"}:
            rendered["content"] = ""
        rendered.update(
            self._signature(next((text.signature for text in reversed(texts) if text.signature), None))
        )
        kept = {name: value for name, value in left_over(message.ext).items() if name not in ANSWER_ONLY}
        return {**rendered, **kept}

    def _thoughts(self, parts: Iterable[Part]) -> dict[str, JSON]:
        kept: list[Reasoning] = []
        for thought in (part for part in parts if isinstance(part, Reasoning)):
            own = thought.signature is None or thought.signature.family == self.target.family
            if self.quirks.returns_reasoning and own:
                kept.append(thought)
                continue
            kind = LossKind.HINT if thought.signature is None else LossKind.CHANGE
            self._lose("dropped_reasoning", thought, "the upstream does not take it back", kind)
        return reasoning.render_reasoning(kept)

    def _unspoken(self, parts: Iterable[Part]) -> dict[str, JSON]:
        """The sound that an assistant's message refers to; what else of it is neither text nor call is lost."""
        audio: dict[str, JSON] = {}
        for part in parts:
            if isinstance(part, (Image, Document, Audio, OpaquePart, ToolResult)):
                source = part.source if isinstance(part, Audio) else None
                if not audio and isinstance(source, FileRef) and source.family == FAMILY:
                    audio = {"audio": {"id": source.file_id}}
                else:
                    self._lose_part(part)
        return audio

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
        if signature is None or not takes_signature(signature, self.target):
            return {}
        return {"extra_content": {"google": {"thought_signature": signature.value}}}

    def _result(self, result: ToolResult) -> JSON:
        texts = [part for part in result.parts if isinstance(part, Text)]
        rendered: dict[str, JSON] = {"role": "tool", "tool_call_id": result.call_id}
        prefix = TOOL_ERROR if result.is_error else ""
        hints = self.quirks.cache_hints
        marked = hints is not None and (result.cache is not None or any(text.cache is not None for text in texts))
        if self.own and not marked:
            content = self._content(texts)
        elif not marked:
            shown = "" if texts or len(texts) == len(result.parts) else "[see the next user message]"
            content = prefix + ("\n".join(text.text for text in texts) or shown)
        else:
            content = [render_part(text, hints) for text in texts] or [{"type": "text", "text": ""}]
            content[0]["text"] = prefix + content[0]["text"]
            content[-1].update(render_cache_hint(result.cache, hints))
        return {**rendered, "content": content, **left_over(result.ext)}

    def _result_media(self, result: ToolResult) -> Iterator[JSON]:
        media = [part for part in result.parts if not isinstance(part, Text)]
        if media:
            yield {"type": "text", "text": f"[result of {result.name or 'tool call'} {result.call_id}]"}
        for part in media:
            yield self._part(part)

    def _lose_part(self, part: Part) -> None:
        code = "dropped_opaque_part" if isinstance(part, OpaquePart) else "dropped_media"
        self._lose(code, part, f"no word for {type(part).__name__.lower()} here", LossKind.CHANGE)

    def _lose(self, code: str, part: Part, detail: str, kind: LossKind) -> None:
        self.losses.append(Loss(code, self.places.pointer(part), detail, kind))
