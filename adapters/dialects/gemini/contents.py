"""A conversation as systemInstruction and contents (ai.google.dev/api/caching#Content, 2026-11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, assert_never

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.media_parts import render_media
from adapters.dialects.gemini.results import render_result
from adapters.dialects.gemini.signatures import sign_current_turn
from adapters.dialects.gemini.unsaid import spoken_names
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.places import Places
from domain.chat.content import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.repair import with_result_names, without_foreign_reasoning, without_orphans
from domain.chat.request import INSTRUCTION_ROLES, Message, Role
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_PLACEHOLDER: Final = "."
_SPEAKERS: Final = MappingProxyType[Role, Literal["user", "model"]]({Role.USER: "user", Role.ASSISTANT: "model"})


@dataclass(slots=True)
class _Content:
    role: Literal["user", "model"]
    parts: list[JSON]
    results: bool = False


def render_contents(
    messages: tuple[Message, ...], profile: ModelProfile, *, plain: bool, names: ToolNames, losses: Losses
) -> tuple[list[JSON], list[JSON]]:
    """The parts of the systemInstruction, and the contents. Raises UnsupportedFeature.

    Leading instructions become the systemInstruction; later ones stay in their place, as marked user text.
    plain: the messages are plain talk.
    """
    native, repaired = messages, messages
    if not plain:
        native, dropped = without_foreign_reasoning(with_result_names(messages), FAMILY)
        repaired, orphaned = without_orphans(native)
        losses.add(*dropped, *orphaned)
    writer = _Writer(profile, Places(native), names=names, losses=losses)
    instructions: list[JSON] = []
    leading = 0
    while leading < len(repaired) and repaired[leading].role in INSTRUCTION_ROLES:
        instructions += writer.instructions(repaired[leading])
        leading += 1
    are_named = not plain and len(spoken_names(repaired)) > 1
    for message in repaired[leading:]:
        writer.add(message, spoken_name=message.name if are_named else None)
    return instructions, writer.finished(last=native[-1] if native else None)


class _Writer:
    """Writes contents: neighbours of one role are one Content, but results stand alone, and parts never merge."""

    def __init__(self, profile: ModelProfile, places: Places, *, names: ToolNames, losses: Losses) -> None:
        self._profile = profile
        self._names = names
        self._losses = losses
        self._places = places
        self._contents: list[_Content] = []
        self._called: list[str] = []

    def instructions(self, message: Message) -> list[dict[str, JSON]]:
        """The text of a system message; anything else in it is lost."""
        text = message.plain_text
        if text:
            return [{"text": text}]
        for part in message.parts:
            if not isinstance(part, Text):
                self._losses.change("dropped_part", self._places.pointer(part), "instructions are text only")
        return [{"text": part.text} for part in message.parts if isinstance(part, Text) and part.text]

    def add(self, message: Message, *, spoken_name: str | None) -> None:
        """One more message. `spoken_name`: who speaks, where several users do."""
        text, speaker = message.plain_text, _SPEAKERS.get(message.role)
        if text and speaker is not None:
            self._called = []
            self._append(speaker, [{"text": text}])
            return
        match message.role:
            case Role.USER:
                parts = self._parts(message)
                if not parts:
                    self._losses.change("empty_message", self._places.pointer(message), "an empty turn is refused")
                    parts = [{"text": _PLACEHOLDER}]
                self._append("user", _introduced(parts, spoken_name))
            case Role.ASSISTANT:
                self._called = [part.name for part in message.parts if isinstance(part, ToolCall)]
                self._append("model", self._parts(message))
            case Role.SYSTEM | Role.DEVELOPER:
                self._fold(message)
            case Role.TOOL:
                self._answer(message)
            case _:
                assert_never(message.role)

    def finished(self, *, last: Message | None) -> list[JSON]:
        """The contents, which begin with the user; the calls of the current turn are signed where they must be."""
        contents = self._contents
        if not contents:
            self._losses.change("empty_conversation", "/messages", "Gemini needs a user turn; it got a dot")
            contents.append(_Content("user", [{"text": _PLACEHOLDER}]))
        if contents[0].role == "model":
            self._losses.change("leading_assistant", "/messages", "Gemini's conversations begin with the user")
            contents.insert(0, _Content("user", [{"text": _PLACEHOLDER}]))
        if contents[-1].role == "model" and not self._profile.prefill:
            where = "/messages" if last is None else self._places.pointer(last)
            self._losses.change("prefill_not_continued", where, "the model begins a new turn")
            contents.append(_Content("user", [{"text": _PLACEHOLDER}]))
        rendered: list[JSON] = [{"role": content.role, "parts": content.parts} for content in contents]
        if self._profile.signed_calls:
            sign_current_turn(rendered, self._losses)
        return rendered

    def _append(self, role: Literal["user", "model"], parts: list[JSON]) -> None:
        if not parts:
            return
        last = self._contents[-1] if self._contents else None
        if last is not None and last.role == role and not last.results:
            last.parts.extend(parts)
        else:
            self._contents.append(_Content(role, parts))

    def _fold(self, message: Message) -> None:
        text = "\n\n".join(str(part["text"]) for part in self.instructions(message))
        if text:
            where = self._places.pointer(message)
            self._losses.change("system_folded", where, "instructions inside the conversation became user text")
            self._append("user", [{"text": f"<system>{text}</system>"}])

    def _answer(self, message: Message) -> None:
        """The results of one turn: alone in their Content, one per call, in their order and by their names."""
        responses: list[JSON] = []
        attachments: list[JSON] = []
        results = (part for part in message.parts if isinstance(part, ToolResult))
        for called, result in zip(self._called, results, strict=True):
            name = self._names.wire(called)
            response, after = render_result(
                result, self._places, name=name, losses=self._losses, media=self._profile.result_media
            )
            if self._profile.call_ids:
                response = {"id": result.call_id} | response
            responses.append({"functionResponse": response})
            attachments += after
        self._contents.append(_Content("user", responses, results=True))
        self._append("user", attachments)

    def _parts(self, message: Message) -> list[JSON]:
        rendered = (self._part(part) for part in message.parts)
        return [part for part in rendered if part is not None]

    def _part(self, part: Part) -> dict[str, JSON] | None:
        """The part on the wire, None where nothing is sent for it."""
        match part:
            case Text(text=text, signature=signature):
                if not text and signature is None:
                    return None
                return {"text": text} | ({} if signature is None else {"thoughtSignature": signature.value})
            case Refusal(text=text):
                return {"text": text} if text else None
            case Image() | Document() | Audio():
                return render_media(part, self._places.pointer(part), losses=self._losses)
            case ToolCall():
                return self._call(part)
            case Reasoning(text=text, signature=signature):
                # Only thoughts that Gemini signed are still here; it does not want the others back.
                return {"text": text, "thought": True} | (
                    {} if signature is None else {"thoughtSignature": signature.value}
                )
            case OpaquePart(family=family, raw=raw):
                if family == FAMILY and isinstance(raw, dict):
                    return raw
                self._losses.change(
                    "dropped_opaque_part", self._places.pointer(part), f"only {family} can read it"
                )
                return None
            case ToolResult():
                return None  # results stand in tool messages, where the repairs put them
        assert_never(part)

    def _call(self, call: ToolCall) -> dict[str, JSON]:
        rendered: dict[str, JSON] = {"name": self._names.wire(call.name), "args": self._arguments(call)}
        if self._profile.call_ids:
            rendered = {"id": call.id} | rendered
        signed = {} if call.signature is None else {"thoughtSignature": call.signature.value}
        return {"functionCall": rendered} | signed

    def _arguments(self, call: ToolCall) -> Mapping[str, JSON]:
        if call.kind == "custom":
            return {"input": call.raw}
        if isinstance(call.arguments, dict):
            return call.arguments
        if not call.raw.strip():
            return {}
        where = self._places.pointer(call)
        self._losses.change("arguments_not_object", where, "the call's arguments are no JSON object")
        return {"__raw__": call.raw}


def _introduced(parts: list[JSON], name: str | None) -> list[JSON]:
    """The parts of a turn, the first text told to be `name`'s."""
    if name is None:
        return parts
    for index, part in enumerate(parts):
        if "text" in part:
            return [*parts[:index], part | {"text": f"{name}: {part['text']}"}, *parts[index + 1 :]]
    return [{"text": f"{name}:"}, *parts]
