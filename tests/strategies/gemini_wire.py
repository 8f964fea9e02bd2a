"""Answers on Gemini's wire, for the property tests of that dialect."""

import base64
import json
from typing import Any

from hypothesis import strategies as st

from tests.strategies.canonical import PNG, json_objects, tool_names, words

Chunk = dict[str, Any]


def signatures() -> st.SearchStrategy[str]:
    """Signatures as they are sent: base64."""
    return st.binary(min_size=3, max_size=12).map(lambda value: base64.b64encode(value).decode())


def text_parts() -> st.SearchStrategy[dict[str, Any]]:
    """Plain text, empty text, thoughts, signed text, and signatures alone."""
    return st.one_of(
        st.builds(lambda text: {"text": text}, words()),
        st.builds(lambda text: {"text": text}, words()),
        st.builds(lambda text: {"text": text, "thought": True}, words()),
        st.builds(lambda text, signature: {"text": text, "thoughtSignature": signature}, words(), signatures()),
        st.builds(lambda signature: {"text": "", "thoughtSignature": signature}, signatures()),
        st.just({"text": ""}),
    )


@st.composite
def call_parts(draw: st.DrawFn) -> dict[str, Any]:
    """Calls with and without id, arguments and signature."""
    call: dict[str, Any] = {"name": draw(tool_names())}
    if draw(st.booleans()):
        call["args"] = draw(json_objects())
    if draw(st.booleans()):
        call["id"] = draw(st.from_regex(r"[a-z0-9]{8}", fullmatch=True))
    signed = {"thoughtSignature": draw(signatures())} if draw(st.booleans()) else {}
    return {"functionCall": call, **signed}


def other_parts() -> st.SearchStrategy[dict[str, Any]]:
    """Pictures, and parts that only Gemini understands."""
    return st.sampled_from(
        [
            {"inlineData": {"mimeType": "image/png", "data": PNG}},
            {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
            {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}, "thoughtSignature": "YWJj"},
            {},
        ]
    )


def parts() -> st.SearchStrategy[dict[str, Any]]:
    """Any part of an answer."""
    return st.one_of(text_parts(), text_parts(), call_parts(), other_parts())


def usage_counts() -> st.SearchStrategy[dict[str, int]]:
    """usageMetadata whose total is the sum, zeros left out as protobuf does."""

    def made(prompt: int, tool: int, candidates: int, thoughts: int) -> dict[str, int]:
        counts = {
            "promptTokenCount": prompt,
            "toolUsePromptTokenCount": tool,
            "candidatesTokenCount": candidates,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": prompt + tool + candidates + thoughts,
        }
        return {name: count for name, count in counts.items() if count}

    count = st.integers(0, 5_000)
    return st.builds(made, st.integers(1, 5_000), count, count, count)


@st.composite
def streams(draw: st.DrawFn, *, max_candidates: int = 2) -> list[Chunk]:
    """The objects of one complete streamed answer; the parts of its candidates come in any portions."""
    identity = {"responseId": draw(st.sampled_from(["r1", "Ab_9-x"])), "modelVersion": "gemini-3-flash"}
    told: list[list[Chunk]] = []
    for index in range(draw(st.integers(1, max_candidates))):
        portions = draw(st.lists(st.lists(parts(), max_size=3), min_size=1, max_size=4))
        pieces: list[Chunk] = [
            {"index": index, "content": {"role": "model", "parts": portion}} if portion else {"index": index}
            for portion in portions
        ]
        pieces[-1]["finishReason"] = draw(st.sampled_from(["STOP", "STOP", "MAX_TOKENS", "SAFETY", 1, 2]))
        told.append(pieces)
    chunks: list[Chunk] = []
    while any(told):
        speaking = draw(st.sampled_from([pieces for pieces in told if pieces]))
        chunks.append({"candidates": [speaking.pop(0)], "usageMetadata": draw(usage_counts()), **identity})
    return chunks


def merged(chunks: list[Chunk]) -> Chunk:
    """The buffered answer that says the same as `chunks`."""
    candidates: dict[int, Chunk] = {}
    for chunk in chunks:
        for piece in chunk.get("candidates", ()):
            whole = candidates.setdefault(piece["index"], {"content": {"role": "model", "parts": []}})
            whole["content"]["parts"] += piece.get("content", {}).get("parts", [])
            whole.update({name: value for name, value in piece.items() if name != "content"})
    body: Chunk = {}
    for chunk in chunks:
        body.update(chunk)
    return body | {"candidates": [candidates[index] for index in sorted(candidates)]}


def sse(chunks: list[Chunk], newline: str = "\r\n") -> bytes:
    """The stream that tells `chunks`; Gemini's own ends its lines with CRLF."""
    return "".join(f"data: {json.dumps(chunk)}{newline}{newline}" for chunk in chunks).encode()
