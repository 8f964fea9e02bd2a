"""Recorded traffic with the Gemini API, read by the dialect and by an independent reading of the same bytes."""

import json
import random
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from adapters.dialects import media
from adapters.dialects.contract import RenderedRequest, Reply, Target
from adapters.dialects.gemini.dialect import Gemini
from domain.chat.content import Text, ToolCall
from domain.chat.events import Ended, Failed, Finished, StreamEvent
from domain.chat.fold import fold, unfold
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import ErrorKind, MalformedResponse, UpstreamError
from domain.models.profile import PLAIN_MODEL
from tests.corpus.recorded import Recorded, recorded
from tests.dialects.gemini.gemini_sdk import accepted

GEMINI = Gemini()
RENDERED = RenderedRequest(body={})
TARGET = Target(provider="gemini", family="google", model="m", profile=PLAIN_MODEL)
APIS = ("generate_content", "stream_generate_content")
BYTE_BY_BYTE_LIMIT = 3_000

FINISHES = {"STOP": FinishReason.STOP, "MAX_TOKENS": FinishReason.LENGTH}
FILTERS = {"SAFETY", "MODEL_ARMOR", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY"}
NUMBERS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY"}


@pytest.fixture(scope="module")
def interactions() -> tuple[Recorded, ...]:
    return recorded("gemini", *APIS)


def good(interactions: tuple[Recorded, ...]) -> Iterator[Recorded]:
    return (one for one in interactions if one.status < 400)


def objects_of(one: Recorded) -> list[dict[str, Any]]:
    """The answer's JSON objects, read without the dialect."""
    if one.sse is None:
        return one.body if isinstance(one.body, list) else [one.body]
    frames = re.split(r"\r\n\r\n|\n\n", one.sse.decode())
    return [json.loads(frame.removeprefix("data:")) for frame in frames if frame.startswith("data:")]


def decode(*reads: bytes) -> list[StreamEvent]:
    decoder = GEMINI.decoder(RENDERED)
    events = [event for read in reads for event in decoder.feed(read)]
    return events + decoder.finish()


def test_an_array_is_the_stream_that_it_was(interactions: tuple[Recorded, ...]) -> None:
    for one in good(interactions):
        if isinstance(one.body, list) and is_complete(one):
            assert GEMINI.parse_response(one.body, RENDERED) == answer_of(one), one.id


def stream_of(one: Recorded) -> bytes:
    """The stream as it was sent; a JSON array (without `alt=sse`) as the events it would have been."""
    if one.sse is not None:
        return one.sse
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in objects_of(one))


def answer_of(one: Recorded) -> ChatResponse:
    if one.api == "stream_generate_content":
        return fold(decode(stream_of(one)))
    return GEMINI.parse_response(one.body, RENDERED)


def expected_finish(chunks: list[dict[str, Any]], *, called: bool) -> FinishReason | None:
    """The meaning of the last ending; None where the upstream itself calls it broken."""
    natives = [each.get("finishReason") for chunk in chunks for each in chunk.get("candidates", ())]
    last = next((native for native in reversed(natives) if native), None)
    name = NUMBERS.get(last, "") if isinstance(last, int) else last
    if name is None and any("blockReason" in chunk.get("promptFeedback", {}) for chunk in chunks):
        return FinishReason.CONTENT_FILTER
    if name == "STOP" and called:
        return FinishReason.TOOL_CALLS
    return FinishReason.CONTENT_FILTER if name in FILTERS else FINISHES.get(name or "")


def calls_in(parts: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Names and arguments of the calls, which Vertex AI may send in pieces."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for call in (part["functionCall"] for part in parts if "functionCall" in part):
        if "name" in call:
            calls.append((call["name"], dict(call.get("args", {}))))
        for piece in call.get("partialArgs", ()):
            arguments, name = calls[-1][1], piece["jsonPath"].removeprefix("$.")
            text = piece.get("stringValue")
            arguments[name] = piece["numberValue"] if text is None else arguments.get(name, "") + text
    return calls


def check(one: Recorded) -> None:
    chunks = objects_of(one)
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.get("candidates", ())
        for part in candidate.get("content", {}).get("parts", ())
    ]
    calls = calls_in(parts)
    finish = expected_finish(chunks, called=bool(calls))
    if finish is None:
        with pytest.raises(MalformedResponse):
            answer_of(one)
        return
    answer = answer_of(one)
    (candidate,) = answer.candidates
    assert candidate.finish.reason is finish
    text = "".join(part.text for part in candidate.parts if isinstance(part, Text))
    assert text == "".join(part.get("text", "") for part in parts if not part.get("thought"))
    made = [part for part in candidate.parts if isinstance(part, ToolCall)]
    assert [(each.name, each.arguments) for each in made] == calls
    assert len({each.id for each in made}) == len(made)
    signed = [part["thoughtSignature"] for part in parts if "functionCall" in part and "thoughtSignature" in part]
    assert [each.signature.value for each in made if each.signature is not None] == signed
    counts = next((chunk["usageMetadata"] for chunk in reversed(chunks) if chunk.get("usageMetadata")), None)
    if counts is not None:
        assert answer.usage is not None
        read = answer.usage
        assert read.prompt_tokens == counts.get("promptTokenCount", 0) + counts.get("toolUsePromptTokenCount", 0)
        assert read.completion_tokens == counts.get("candidatesTokenCount", 0) + counts.get(
            "thoughtsTokenCount", 0
        )
        assert counts.get("totalTokenCount") in {read.total_tokens, None}


def test_every_answer_reads_as_it_was_meant(interactions: tuple[Recorded, ...]) -> None:
    seen = 0
    for one in good(interactions):
        try:
            check(one)
        except Exception as failed:
            failed.add_note(one.id)
            raise
        seen += 1
    assert seen


def test_every_split_gives_the_same_events(interactions: tuple[Recorded, ...]) -> None:
    order = random.Random(7)
    for one in good(interactions):
        if one.sse is None:
            continue
        whole = decode(one.sse)
        cuts = sorted(order.randrange(len(one.sse) + 1) for _ in range(8))
        pieces = [one.sse[start:end] for start, end in zip([0, *cuts], [*cuts, len(one.sse)], strict=True)]
        assert decode(*pieces) == whole, one.id
        if len(one.sse) <= BYTE_BY_BYTE_LIMIT:
            assert decode(*(one.sse[at : at + 1] for at in range(len(one.sse)))) == whole, one.id


def test_a_recorded_stream_that_is_cut_fails(interactions: tuple[Recorded, ...]) -> None:
    for one in good(interactions):
        if one.sse is None:
            continue
        first_ending = one.sse.find(b'"finishReason"')
        assert isinstance(decode(one.sse[:first_ending])[-1], Failed), one.id


STATUS_KINDS = {
    400: {ErrorKind.INVALID_REQUEST, ErrorKind.AUTH, ErrorKind.PRECONDITION},
    404: {ErrorKind.NOT_FOUND},
    429: {ErrorKind.RATE_LIMIT},
}


def test_every_error_keeps_its_meaning(interactions: tuple[Recorded, ...]) -> None:
    for one in interactions:
        if one.status < 400:
            continue
        error = GEMINI.parse_error(one.status, one.headers, one.raw)
        assert error.kind in STATUS_KINDS[one.status], one.id
        assert error.status == (401 if error.kind is ErrorKind.AUTH else one.status), one.id
        assert error.message == one.body["error"]["message"], one.id
        assert isinstance(decode(one.raw)[-1], Failed), one.id


# ---- clients -------------------------------------------------------------------------------------------------------

REPLY = Reply(model="asked/model")


def asked(one: Recorded) -> dict[str, Any]:
    return {"model": "m", "stream": one.api == "stream_generate_content", **one.request}


def is_complete(one: Recorded) -> bool:
    """Whether the upstream gave an answer that it does not call broken itself."""
    try:
        answer_of(one)
    except UpstreamError:
        return False
    return True


def test_every_request_is_read_and_written_again(interactions: tuple[Recorded, ...]) -> None:
    seen = 0
    for one in interactions:
        if one.status == 400:
            continue
        request = GEMINI.parse_request(asked(one))
        rendered = GEMINI.render_request(request, TARGET)
        assert rendered.losses == (), one.id
        assert GEMINI.parse_request({**asked(one), **rendered.body}) == request, one.id
        assert as_lists(camel_case(one.request["contents"])) == camel_case(rendered.body["contents"]), one.id
        seen += 1
    assert seen


def as_lists(contents: Any) -> list[Any]:
    """The contents as the dialect writes them: roles said, pieces of a turn of the model together, no defaults."""
    told: list[Any] = []
    for content in [contents] if isinstance(contents, dict) else contents:
        role = "model" if content.get("role") == "model" else "user"
        parts = [{name: value for name, value in part.items() if value is not False} for part in content["parts"]]
        for is_result, run in groupby(parts, lambda part: "functionResponse" in part):
            spoken = list(run)
            if is_result or role == "user" or not told or told[-1]["role"] == "user":
                told.append({"role": "user" if is_result else role, "parts": spoken})
                continue
            if spoken[0].keys() == told[-1]["parts"][-1].keys() == {"text"}:
                told[-1]["parts"][-1] = {"text": told[-1]["parts"][-1]["text"] + spoken.pop(0)["text"]}
            told[-1]["parts"] += spoken
    return told


def camel_case(value: Any) -> Any:
    """`value` with the API's names in camelCase and media as what they are; what is the caller's own stays."""
    if isinstance(value, list):
        return [camel_case(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"(?<=.)_([a-z])", lambda match: match[1].upper(), key): inner for key, inner in value.items()}
    own = {"args", "response", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"}
    out = {name: inner if name in own else camel_case(inner) for name, inner in named.items() if inner is not None}
    if "data" in out and "mimeType" in out:
        standard = out["data"].replace("-", "+").replace("_", "/")
        out |= {"data": standard, "mimeType": media.sniff(standard) or out["mimeType"]}
    return out


def test_every_answer_reaches_a_client_as_it_was_meant(interactions: tuple[Recorded, ...]) -> None:
    seen = 0
    for one in good(interactions):
        if not is_complete(one):
            continue
        answer = answer_of(one)
        document = GEMINI.render_response(answer, REPLY)
        accepted(document)
        read = GEMINI.parse_response(document, RENDERED)
        assert meant(read) == meant(answer), one.id
        encoder = GEMINI.encoder(REPLY)
        stream = b"".join(encoder.feed(event) for event in unfold(answer))
        assert meant(fold(decode(stream))) == meant(answer), one.id
        seen += 1
    assert seen


def meant(answer: ChatResponse) -> Any:
    """Text, calls, endings and usage."""
    return [
        (
            "".join(part.text for part in candidate.parts if isinstance(part, Text)),
            [(part.id, part.name, part.arguments) for part in candidate.parts if isinstance(part, ToolCall)],
            candidate.finish,
        )
        for candidate in answer.candidates
    ] + [answer.usage]


def test_every_stream_passes_byte_for_byte(interactions: tuple[Recorded, ...]) -> None:
    order = random.Random(7)
    for one in good(interactions):
        if one.sse is None:
            continue
        events = GEMINI.relay(REPLY)
        at = order.randrange(len(one.sse) + 1)
        pieces = [events.feed(one.sse[:at]), events.feed(one.sse[at:]), events.finish()]
        raw = b"".join(forwarded for forwarded, _ in pieces)
        array = Gemini(framing="array").relay(REPLY)
        elements = array.feed(one.sse)[0] + array.finish()[0]
        if is_complete(one):
            assert raw == one.sse, one.id
            assert json.loads(elements) == objects_of(one), one.id
            assert isinstance(pieces[-1][1][-1], Ended), one.id
        else:
            assert one.sse.startswith(raw), one.id


def has_a_word_for_its_breaking(one: Recorded) -> bool:
    """Whether every candidate ended in a way that Gemini calls broken: its own clients read that themselves."""
    words = {candidate.get("finishReason") for candidate in one.body.get("candidates", ())}
    return bool(words) and words <= {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"}


def test_every_buffered_answer_passes_as_it_came(interactions: tuple[Recorded, ...]) -> None:
    for one in good(interactions):
        if one.api != "generate_content" or not isinstance(one.body, dict):
            continue
        if not is_complete(one) and not has_a_word_for_its_breaking(one):
            with pytest.raises(UpstreamError):
                GEMINI.relay(REPLY).answer(one.raw)
            continue
        raw, events = GEMINI.relay(REPLY).answer(one.raw)
        assert raw == one.raw, one.id
        endings = [event.finish for event in events if isinstance(event, Finished)]
        if is_complete(one):
            assert endings == [candidate.finish for candidate in answer_of(one).candidates], one.id
        else:
            assert {ending.reason for ending in endings} == {FinishReason.OTHER}, one.id
