"""The `messages` of a request → canonical messages."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.openai_chat import reasoning
from adapters.dialects.openai_chat.content_parts import parse_cache_hint, parse_content
from adapters.dialects.openai_chat.members import FAMILY, Members, malformed, not_one_of
from domain.chat.content import (
    Audio,
    CacheHint,
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
from domain.chat.json_arguments import parse_arguments
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON

_FUNCTION: Final = "function"
_SPOKEN: Final = (Role.SYSTEM.value, Role.DEVELOPER.value, Role.USER.value)
_SPEAKERS: Final = MappingProxyType(
    {role.value: role for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER, Role.ASSISTANT)}
)
_ROLE_AND_TEXT: Final = 2
"""How many members a message has that says nothing but a text."""
_ROLES: Final = (*_SPOKEN, Role.ASSISTANT.value, Role.TOOL.value, _FUNCTION)
_GOOGLE: Final = "google"


def parse_messages(request: Members) -> tuple[Message, ...]:
    """The conversation, unmerged and in order. Raises MalformedRequest where it is empty or malformed."""
    history, path = _History(), request.at("messages")
    messages = tuple(
        [
            _plain(message) or history.parse(Members(message, f"{path}[{index}]"))
            for index, message in enumerate(request.take_list("messages"))
        ]
    )
    if not messages:
        raise MalformedRequest(f"{path}: expected at least one message, got none.", param=path)
    return messages


def _plain(message: JSON) -> Message | None:
    """A message of a role and a text alone, which most are; None for any other."""
    if not isinstance(message, dict) or len(message) != _ROLE_AND_TEXT:
        return None
    role, text = message.get("role"), message.get("content")
    if not isinstance(text, str) or not isinstance(role, str) or role not in _SPEAKERS:
        return None
    return Message(_SPEAKERS[role], (Text(text),) if text else ())


class _History:
    """The conversation while it is parsed; knows the ids that deprecated function calls were given."""

    def __init__(self) -> None:
        self._function_ids: dict[str, str] = {}

    def parse(self, message: Members) -> Message:
        role = message.take("role")
        if role in _SPOKEN:
            return _parse_spoken(message, Role(role))
        if role == Role.ASSISTANT:
            return self._parse_assistant(message)
        if role == Role.TOOL:
            return _parse_result(message, message.need_text("tool_call_id"), message.take_text("name"))
        if role == _FUNCTION:
            name = message.need_text("name")
            return _parse_result(message, self._function_ids.get(name, f"call_{name}"), name)
        raise not_one_of(message.at("role"), _ROLES, role)

    def _parse_assistant(self, message: Members) -> Message:
        parts: list[Part] = list(reasoning.parse_history(message))
        parts.extend(parse_content(message.take("content"), message.at("content")))
        refusal = message.take_text("refusal")
        if refusal:
            parts.append(Refusal(text=refusal))
        audio = message.take_object("audio")
        if audio is not None:
            audio_id, transcript = audio.need_text("id"), audio.take_text("transcript")
            parts.append(Audio(source=FileRef(family=FAMILY, file_id=audio_id), transcript=transcript))
        parts.extend(parse_content(message.take_list("images"), message.at("images")))
        calls = [_parse_call(call) for call in message.take_objects("tool_calls")]
        legacy = message.take_object("function_call")
        if legacy is not None:
            calls.append(self._parse_legacy_call(legacy))
        name, cache = message.take_text("name"), parse_cache_hint(message)
        signed = _with_message_signature(message, [*parts, *calls])
        _drop_empty_annotations(message)
        marked = _with_cache(tuple(signed), cache)
        return Message(Role.ASSISTANT, marked, name=name, ext=message.leftovers())

    def _parse_legacy_call(self, call: Members) -> ToolCall:
        name, raw = call.need_text("name"), _arguments(call)
        call_id = f"call_{len(self._function_ids)}_{name}"
        self._function_ids[name] = call_id
        return ToolCall(id=call_id, name=name, raw=raw, arguments=parse_arguments(raw))


def _need_content(message: Members) -> tuple[Part, ...]:
    """The `content` of a message that nobody but an assistant may leave without one."""
    path, content = message.at("content"), message.take("content")
    if content is None:
        raise malformed(path, "a string or a list of parts", content)
    return parse_content(content, path)


def _parse_spoken(message: Members, role: Role) -> Message:
    parts = _need_content(message)
    cache, name = parse_cache_hint(message), message.take_text("name")
    return Message(role, _with_cache(parts, cache), name=name, ext=message.leftovers())


def _parse_result(message: Members, call_id: str, name: str | None) -> Message:
    path = message.at("content")
    parts: list[Text | Image | Document] = []
    for index, part in enumerate(_need_content(message)):
        if not isinstance(part, (Text, Image, Document)):
            raise not_one_of(f"{path}[{index}].type", ("text", "image_url", "file"), type(part).__name__.lower())
        parts.append(part)
    result = ToolResult(
        call_id=call_id, name=name, parts=tuple(parts), cache=parse_cache_hint(message), ext=message.leftovers()
    )
    return Message(Role.TOOL, (result,))


def _parse_call(call: Members) -> ToolCall:
    kind = call.take("type") or _FUNCTION
    call.take("index")
    if kind == "custom":
        body = call.need_object("custom")
        name, raw = body.need_text("name"), body.take_text("input") or ""
        arguments: JSON = None
    elif kind == _FUNCTION:
        body = call.need_object("function")
        name, raw = body.need_text("name"), _arguments(body)
        arguments = parse_arguments(raw)
    else:
        raise not_one_of(call.at("type"), (_FUNCTION, "custom"), kind)
    signature = take_google_signature(call) or take_google_signature(body)
    call_id, cache = call.need_text("id"), parse_cache_hint(call)
    return ToolCall(
        id=call_id,
        name=name,
        raw=raw,
        arguments=arguments,
        kind="custom" if kind == "custom" else "function",
        signature=signature,
        cache=cache,
        ext=call.leftovers(**{kind: body.left()}),
    )


def _arguments(function: Members) -> str:
    value = function.take("arguments")
    return json_codec.encode(value).decode() if isinstance(value, dict) else _text(function, value)


def _text(function: Members, value: JSON) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    path = function.at("arguments")
    raise MalformedRequest(f"{path}: expected a string of JSON, got another type.", param=path)


def take_google_signature(owner: Members) -> Opaque | None:
    """Gemini's signature where Google's compatibility layer or litellm put it on a call or message."""
    extra = owner.take("extra_content")
    google = extra.get(_GOOGLE) if isinstance(extra, dict) else None
    value = google.get("thought_signature") if isinstance(google, dict) else None
    fields = owner.take("provider_specific_fields")
    if not value and isinstance(fields, dict):
        several = fields.get("thought_signatures")
        value = fields.get("thought_signature") or (several[0] if isinstance(several, list) and several else None)
    return Opaque(family=_GOOGLE, value=value) if isinstance(value, str) and value else None


def _with_message_signature(message: Members, parts: list[Part]) -> list[Part]:
    """A message's own signature belongs to its last text; litellm's, where there are calls, to the first call."""
    compatible = message.take("extra_content")
    if compatible is not None:
        signature = take_google_signature(Members({"extra_content": compatible}, message.path))
        return parts if signature is None else _sign_last_text(parts, signature)
    signature = take_google_signature(message)
    calls = [index for index, part in enumerate(parts) if isinstance(part, ToolCall)]
    if signature is None:
        return parts
    if not calls:
        return _sign_last_text(parts, signature)
    first = parts[calls[0]]
    if isinstance(first, ToolCall) and first.signature is None:
        parts[calls[0]] = replace(first, signature=signature)
    return parts


def _sign_last_text(parts: list[Part], signature: Opaque) -> list[Part]:
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, Text):
            return [*parts[:index], replace(part, signature=signature), *parts[index + 1 :]]
    after = max((index + 1 for index, part in enumerate(parts) if isinstance(part, Reasoning)), default=0)
    return [*parts[:after], Text("", signature=signature), *parts[after:]]


def _drop_empty_annotations(message: Members) -> None:
    """An answer sent back as it came holds `annotations: []`, which says nothing."""
    annotations = message.take("annotations")
    if annotations:
        message.put_back("annotations", annotations)


def _with_cache(parts: tuple[Part, ...], cache: CacheHint | None) -> tuple[Part, ...]:
    """A hint on a whole message stands on its last part that can carry one."""
    if cache is None:
        return parts
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, (Reasoning, Refusal, OpaquePart)):
            continue
        return (*parts[:index], replace(part, cache=cache), *parts[index + 1 :])
    return parts
