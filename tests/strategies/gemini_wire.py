"""Answers on Gemini's wire, for the property tests of that dialect."""

import base64
import json
import re
from typing import Any

from hypothesis import strategies as st

from tests.strategies.canonical import PDF, PNG, WAV, json_objects, schemas, tool_names, words

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


# ---- requests ------------------------------------------------------------------------------------------------------

_OWN = frozenset({"args", "response", "parametersJsonSchema", "responseJsonSchema", "labels", "properties"})
"""Members whose names inside are the caller's own."""


def _optional(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def media_parts() -> st.SearchStrategy[dict[str, Any]]:
    """Pictures, documents, sound and films, inline and by address."""
    return st.sampled_from(
        [
            {"inlineData": {"mimeType": "image/png", "data": PNG}},
            {"inlineData": {"mimeType": "application/pdf", "data": PDF, "displayName": "a.pdf"}},
            {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": WAV}},
            {"inlineData": {"mimeType": "video/mp4", "data": "+/8="}, "videoMetadata": {"fps": 2}},
            {"inlineData": {"mimeType": "text/plain", "data": "aGk="}, "mediaResolution": {"level": "LOW"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
            {"fileData": {"fileUri": "gs://bucket/a.pdf", "mimeType": "application/pdf"}},
            {"fileData": {"fileUri": "https://example.com/a.png", "mimeType": "image/png"}},
            {"fileData": {"fileUri": "https://example.com/a", "mimeType": "image/webp"}},
        ]
    )


def spoken_parts() -> st.SearchStrategy[dict[str, Any]]:
    """What a model said, as a client sends it back."""
    return st.one_of(
        st.builds(lambda text: {"text": text}, words()),
        st.builds(lambda text: {"text": text, "thought": True}, words()),
        st.builds(lambda text, signature: {"text": text, "thoughtSignature": signature}, words(), signatures()),
        st.just({"executableCode": {"language": "PYTHON", "code": "print(1)"}}),
        media_parts(),
    )


def responses() -> st.SearchStrategy[dict[str, Any]]:
    """What a function returned, in every way it is told."""
    texts = st.one_of(words(), st.sampled_from(['{"a": 1}', "{", "", "[1]"]))
    return st.one_of(
        json_objects(),
        st.builds(lambda text: {"output": text}, texts),
        st.builds(lambda text: {"error": text}, texts),
        st.builds(lambda value: {"error": value}, json_objects()),
        st.just({"result": {"$ref": "x"}}),
    )


@st.composite
def function_turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A model's calls and what came back: all with ids, or all without."""
    calls = draw(
        st.lists(call_parts(), min_size=1, max_size=3, unique_by=lambda part: part["functionCall"]["name"])
    )
    has_ids = draw(st.booleans())
    answers = []
    for position, part in enumerate(calls):
        call = part["functionCall"]
        call.pop("id", None)
        identity = {"id": f"c{position}"} if has_ids else {}
        part["functionCall"] = identity | call
        answer = {**identity, "name": call["name"], "response": draw(responses())}
        if draw(st.integers(0, 3)) == 0:
            answer["parts"] = [{"inlineData": {"mimeType": "image/png", "data": PNG}}]
        answers.append({"functionResponse": answer | draw(_optional({"scheduling": st.just("SILENT")}))})
    spoken = draw(st.lists(spoken_parts(), max_size=2))
    return [{"role": "model", "parts": spoken + calls}, {"role": "user", "parts": answers}]


@st.composite
def contents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A conversation that begins and ends with the user."""
    asked = st.lists(
        st.one_of(st.builds(lambda text: {"text": text}, words()), media_parts()), min_size=1, max_size=2
    )
    said = st.lists(spoken_parts(), min_size=1, max_size=2)
    told: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 2))):
        told.append({"role": "user", "parts": draw(asked)})
        told += draw(
            st.one_of(function_turns(), st.builds(lambda parts: [{"role": "model", "parts": parts}], said))
        )
    return [*told, {"role": "user", "parts": draw(asked)}]


def generation_configs() -> st.SearchStrategy[dict[str, Any]]:
    """What may be asked of the answer; never a default, which asks for nothing."""
    json_format = st.sampled_from(
        [
            {},
            {"responseMimeType": "application/json"},
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
            {"responseMimeType": "text/x.enum", "responseJsonSchema": {"type": "string", "enum": ["a", "b"]}},
            {"responseLogprobs": True},
            {"responseLogprobs": True, "logprobs": 3},
            {"logprobs": 3},
        ]
    )
    thinking = st.sampled_from(
        [
            {"thinkingLevel": "XHIGH"},
            {"thinkingBudget": 0},
            {"thinkingBudget": -1, "includeThoughts": True},
            {"includeThoughts": True, "newMember": 1},
        ]
    )
    voices = {"prebuiltVoiceConfig": {"voiceName": "Kore"}}
    members = {
        "temperature": st.sampled_from([0, 0.5, 2]),
        "topP": st.just(0.9),
        "topK": st.just(40),
        "seed": st.just(7),
        "stopSequences": st.just(["a", "b"]),
        "frequencyPenalty": st.just(0.1),
        "presencePenalty": st.just(-0.1),
        "maxOutputTokens": st.just(100),
        "candidateCount": st.just(2),
        "thinkingConfig": thinking,
        "responseModalities": st.sampled_from([["TEXT"], ["TEXT", "AUDIO"]]),
        "speechConfig": st.sampled_from([{"voiceConfig": voices}, {"voiceConfig": voices, "languageCode": "de"}]),
        "imageConfig": st.just({"aspectRatio": "1:1"}),
        "mediaResolution": st.just("MEDIA_RESOLUTION_LOW"),
    }
    return st.builds(lambda config, shape: {**config, **shape}, _optional(members), json_format)


@st.composite
def generate_requests(draw: st.DrawFn) -> dict[str, Any]:
    """A client's request in its normal form, which rendering gives back as it is."""
    function = st.builds(
        lambda name, more: {"name": name, **more},
        tool_names(),
        _optional(
            {
                "description": words(),
                "parametersJsonSchema": schemas(),
                "responseJsonSchema": schemas(),
                "behavior": st.just("BLOCKING"),
            }
        ),
    )
    builtins = st.sampled_from(
        [{"googleSearch": {}}, {"urlContext": {}}, {"codeExecution": {}}, {"newTool": {"a": 1}}]
    )
    functions = st.lists(function, min_size=1, max_size=2).map(lambda declared: {"functionDeclarations": declared})
    config = draw(generation_configs())
    calling = st.sampled_from(
        [
            {"mode": "AUTO"},
            {"mode": "NONE"},
            {"mode": "ANY"},
            {"mode": "ANY", "allowedFunctionNames": ["a"]},
            {"mode": "ANY", "allowedFunctionNames": ["a", "b"]},
            {"mode": "VALIDATED"},
            {"mode": "VALIDATED", "allowedFunctionNames": ["a"]},
        ]
    )
    members = {
        "systemInstruction": st.builds(lambda text: {"parts": [{"text": text}]}, words()),
        "tools": st.one_of(
            functions.map(lambda tool: [tool]), st.builds(lambda one, other: [one, other], builtins, functions)
        ),
        "toolConfig": st.one_of(
            st.builds(lambda choice: {"functionCallingConfig": choice}, calling),
            st.just({"includeServerSideToolInvocations": True}),
        ),
        "safetySettings": st.just([{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
        "serviceTier": st.sampled_from(["flex", "priority", "standard"]),
        "cachedContent": st.just("cachedContents/x"),
        "labels": st.just({"my_label": "a"}),
        "store": st.booleans(),
        "newMember": st.just({"x_y": 1}),
    }
    body: dict[str, Any] = {"contents": draw(contents()), **draw(_optional(members))}
    return body | ({"generationConfig": config} if config else {})


def snake_case(value: Any) -> Any:
    """`value` with the API's own names in snake_case; what is the caller's own stays."""
    if isinstance(value, list):
        return [snake_case(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): inner if name in _OWN else snake_case(inner)
        for name, inner in value.items()
    }


def url_safe(value: Any, name: str = "") -> Any:
    """`value` with its media in the other base64 alphabet, unpadded."""
    if isinstance(value, list):
        return [url_safe(inner) for inner in value]
    if isinstance(value, dict):
        return {key: inner if key in _OWN else url_safe(inner, key) for key, inner in value.items()}
    return value.replace("+", "-").replace("/", "_").rstrip("=") if name == "data" else value
