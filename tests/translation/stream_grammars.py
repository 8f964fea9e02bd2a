"""The order that each dialect's streams keep, checked by hand: no code of the dialects' own takes part.

Each checker takes the bytes of a stream that is complete or, where it `failed`, broke off with an error.
Sources: the vendors' streaming pages (2026-11).
"""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES


def check_stream(dialect: str, stream: bytes, *, failed: bool = False) -> None:
    """Raise AssertionError where the stream breaks the dialect's grammar."""
    _CHECKERS[dialect](stream, failed)


# ---- OpenAI Chat Completions ---------------------------------------------------------------------------------------


def _check_chat(stream: bytes, failed: bool) -> None:
    *frames, rest = stream.decode().split("\n\n")
    assert rest == ""
    assert all(re.fullmatch(r"data: (\{.*\}|\[DONE\])", frame) for frame in frames)
    last = frames.pop()
    if failed:
        assert json.loads(last[6:])["error"].keys() == {"message", "type", "param", "code"}
    else:
        assert last == "data: [DONE]"
    chunks = [json.loads(frame[6:]) for frame in frames]
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks}) <= 1
    spoken = [chunk for chunk in chunks if chunk["choices"]]
    assert chunks[: len(spoken)] == spoken
    assert all(chunk["usage"] is None for chunk in spoken)
    assert len(chunks) - len(spoken) <= (not failed)
    by_index: dict[int, list[Any]] = {}
    for chunk in spoken:
        (choice,) = chunk["choices"]
        by_index.setdefault(choice["index"], []).append(choice)
    for choices in by_index.values():
        _check_choice(choices, failed)


def _check_choice(choices: list[Any], failed: bool) -> None:
    first, *others = choices
    assert first["delta"]["role"] == "assistant"
    assert not any("role" in choice["delta"] for choice in others)
    endings = [choice["finish_reason"] for choice in choices]
    assert not any(endings[:-1])
    assert failed or endings[-1] is not None
    arguments: list[str] = []
    for call in (call for choice in choices for call in choice["delta"].get("tool_calls", ())):
        if call["index"] == len(arguments):
            arguments.append("")
            assert call["id"]
            assert call["type"] == "function"
            assert call["function"]["name"]
        else:
            assert call.keys() == {"index", "function"}
            assert call["function"].keys() == {"arguments"}
        arguments[call["index"]] += call["function"]["arguments"]


# ---- OpenAI Responses ----------------------------------------------------------------------------------------------

_DELTA_ENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "output_text": "text",
        "refusal": "refusal",
        "reasoning_summary_text": "text",
        "reasoning_text": "text",
        "function_call_arguments": "arguments",
        "custom_tool_call_input": "input",
    }
)
"""Kinds of deltas, and the member of their `.done` that says them whole."""


def _check_responses(stream: bytes, failed: bool) -> None:
    events = _named_events(stream)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"] for event in events]
    ends = ["error", "response.failed"] if failed else [f"response.{events[-1]['response']['status']}"]
    assert kinds[-len(ends) :] == ends
    begun = kinds[: -len(ends)]
    assert begun[:2] == ["response.created", "response.in_progress"][: len(begun)]
    assert {"response.completed", "response.incomplete", "response.failed", "error"}.isdisjoint(begun)
    items = _ResponseItems()
    for event in events[2 : -len(ends)]:
        items.feed(event)
    output = events[-1]["response"]["output"]
    if failed:
        assert [item["id"] for item in output] == [items.ids[index] for index in items.done]
    else:
        assert [item["id"] for item in output] == items.ids
        assert sorted(items.done) == list(range(len(output)))


class _ResponseItems:
    """Items while they are told: announced once, named by their own events only, ended once; only calls stay open beside others."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.done: list[int] = []
        self._kinds: list[str] = []
        self._said: dict[tuple[Any, ...], str] = {}

    def feed(self, event: dict[str, Any]) -> None:
        index, kind = event["output_index"], event["type"].removeprefix("response.")
        if kind == "output_item.added":
            assert index == len(self.ids)
            still = {self._kinds[other] for other in range(index) if other not in self.done}
            assert still <= {"function_call", "custom_tool_call"}
            self.ids.append(event["item"]["id"])
            self._kinds.append(event["item"]["type"])
            return
        assert index < len(self.ids)
        assert index not in self.done
        if kind == "output_item.done":
            assert event["item"]["id"] == self.ids[index]
            self.done.append(index)
            return
        assert event["item_id"] == self.ids[index]
        self._feed_text(kind, (index, event.get("content_index"), event.get("summary_index")), event)

    def _feed_text(self, kind: str, place: tuple[Any, ...], event: dict[str, Any]) -> None:
        name, _, step = kind.rpartition(".")
        if name not in _DELTA_ENDS:
            return
        if step == "delta":
            self._said[place] = self._said.get(place, "") + event["delta"]
        else:
            whole = event[_DELTA_ENDS[name]]
            assert self._said.pop(place, "").strip() in (whole.strip(), "" if whole == "{}" else whole)


# ---- Anthropic Messages --------------------------------------------------------------------------------------------

_BLOCK_DELTAS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "text": frozenset({"text_delta", "citations_delta"}),
        "thinking": frozenset({"thinking_delta", "signature_delta"}),
        "redacted_thinking": frozenset(),
        "tool_use": frozenset({"input_json_delta"}),
        "server_tool_use": frozenset({"input_json_delta"}),
    }
)


def _check_messages(stream: bytes, failed: bool) -> None:
    events = _named_events(stream)
    kinds = [event["type"] for event in events]
    last = 1 if failed else 2
    assert kinds[-last:] == (["error"] if failed else ["message_delta", "message_stop"])
    assert kinds[:1] == ["message_start"] or kinds == ["error"]
    opened: dict[str, Any] | None = None
    deltas: list[Any] = []
    count = 0
    for event in events[1:-last]:
        assert event["index"] == count
        match event["type"]:
            case "content_block_start":
                assert opened is None
                opened, deltas = event["content_block"], []
                assert opened.get("input", {}) == {}
                assert not opened.get("text")
            case "content_block_delta":
                assert opened is not None
                assert event["delta"]["type"] in _BLOCK_DELTAS[opened["type"]]
                assert all(event["delta"].values())
                deltas.append(event["delta"]["type"])
            case kind:
                assert kind == "content_block_stop"
                _check_block(opened, deltas)
                opened = None
                count += 1
    assert failed or opened is None


def _check_block(block: dict[str, Any] | None, deltas: list[Any]) -> None:
    """No text is empty, and a thought's one signature is its last word."""
    assert block is not None
    if block["type"] == "text":
        assert "text_delta" in deltas
    if block["type"] == "thinking":
        assert deltas[-1] == "signature_delta"
        assert deltas.count("signature_delta") == 1


# ---- Gemini generateContent ----------------------------------------------------------------------------------------


def _check_gemini(stream: bytes, failed: bool) -> None:
    *frames, rest = stream.split(b"\r\n\r\n")
    assert rest == b""
    assert all(frame.startswith(b"data: {") and frame.endswith(b"}") for frame in frames)
    assert all(len(frame.decode().splitlines()) == 1 for frame in frames)
    documents = [json.loads(frame[6:]) for frame in frames]
    if failed:
        error = documents.pop()
        assert list(error) == ["error"]
        assert error["error"].keys() >= {"code", "message", "status"}
    assert not any("error" in document for document in documents)
    assert len({(document["modelVersion"], document.get("responseId")) for document in documents}) <= 1
    ended: set[int] = set()
    for candidate in (candidate for document in documents for candidate in document.get("candidates", ())):
        assert candidate["index"] not in ended
        assert candidate["content"]["parts"]
        for part in candidate["content"]["parts"]:
            assert "functionCall" not in part or part["functionCall"].keys() >= {"name", "args"}
        if "finishReason" in candidate:
            ended.add(candidate["index"])
    if not failed:
        last = documents[-1]
        assert "promptFeedback" in last or ended == {candidate["index"] for candidate in last["candidates"]}


def _named_events(stream: bytes) -> list[dict[str, Any]]:
    """Events that are each called what their type is."""
    *frames, rest = stream.decode().split("\n\n")
    assert rest == ""
    events = []
    for frame in frames:
        found = re.fullmatch(r"event: ([a-z_.]+)\ndata: (\{[^\n]*\})", frame)
        assert found is not None
        events.append(json.loads(found[2]))
        assert events[-1]["type"] == found[1]
    return events


_CHECKERS: Final[Mapping[str, Callable[[bytes, bool], None]]] = MappingProxyType(
    {
        OPENAI_CHAT: _check_chat,
        OPENAI_RESPONSES: _check_responses,
        ANTHROPIC_MESSAGES: _check_messages,
        GEMINI: _check_gemini,
    }
)
