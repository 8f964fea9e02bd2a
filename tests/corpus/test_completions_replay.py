"""Recorded legacy completions and embeddings: requests are understood, answers reach their clients whole."""

import json
from contextlib import suppress

import pytest

from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.embeddings import gemini, openai
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from domain.chat.content import Text
from domain.chat.events import Ended
from domain.chat.fold import fold
from domain.embeddings import EmbeddingRequest
from domain.errors import RequestError
from tests.corpus.recorded import Recorded, recorded

COMPLETIONS = OpenAICompletions(OpenAIChat())
RENDERED = RenderedRequest(body={})


def texts(sse: bytes) -> dict[int, str]:
    """Index → the text of each choice, read without the dialect."""
    told: dict[int, str] = {}
    for line in sse.decode().splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:]).get("choices") or ():
                told[choice["index"]] = told.get(choice["index"], "") + choice["text"]
    return told


def good(api: str) -> list[Recorded]:
    return [one for one in recorded("openai", api) if one.status < 400 and isinstance(one.request, dict)]


def test_completions_requests() -> None:
    for one in good("completions"):
        request = COMPLETIONS.parse_request(one.request)
        prompt = one.request["prompt"]
        (part,) = request.messages[0].parts
        assert isinstance(part, Text)
        assert part.text == (prompt if isinstance(prompt, str) else prompt[0]), one.id


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_completions_answers(size: int) -> None:
    seen = 0
    for one in good("completions"):
        seen += 1
        relay = COMPLETIONS.relay(Reply(model="asked", include_usage=True))
        if one.sse is None:
            raw, events = relay.answer(one.raw)
            assert json.loads(raw) == {**one.body, "model": "asked"}, one.id
            response = COMPLETIONS.parse_response(one.body, RENDERED)
            expected = {choice["index"]: choice["text"] for choice in one.body["choices"]}
        else:
            chunks = [one.sse[start : start + size] for start in range(0, len(one.sse), size)]
            steps = [*(relay.feed(chunk) for chunk in chunks), relay.finish()]
            events = tuple(event for _, told in steps for event in told)
            expected = texts(one.sse)
            assert texts(b"".join(raw for raw, _ in steps)) == expected, one.id
            decoder = COMPLETIONS.decoder(RENDERED)
            response = fold([*(event for chunk in chunks for event in decoder.feed(chunk)), *decoder.finish()])
        assert isinstance(events[-1], Ended), one.id
        said = {
            candidate.index: "".join(part.text for part in candidate.parts if isinstance(part, Text))
            for candidate in response.candidates
        }
        assert said == expected, one.id
    assert seen >= 25


def test_embeddings() -> None:
    for one in recorded("openai", "embeddings"):
        with suppress(RequestError):
            assert openai.parse_request({"model": "azure", **one.request}).inputs
        if one.status < 400:
            raw, usage = openai.relay_answer(one.raw, "asked")
            assert json.loads(raw) == {**one.body, "model": "asked"}, one.id
            assert usage is not None
            assert usage.prompt_tokens == one.body["usage"]["prompt_tokens"], one.id


def test_geminis_embeddings() -> None:
    for one in recorded("gemini", "batch_embed_contents"):
        asked = one.request["requests"]
        inputs = tuple(item["content"]["parts"][0]["text"] for item in asked)
        ext = {"google": {"taskType": asked[0]["taskType"]}} if "taskType" in asked[0] else {}
        dimensions = asked[0].get("outputDimensionality")
        model = asked[0]["model"].removeprefix("models/")
        request = EmbeddingRequest(model=model, inputs=inputs, dimensions=dimensions, ext=ext)
        rendered = gemini.render_request(request, model).body["requests"]
        plain = [{**item, "content": {"parts": item["content"]["parts"]}} for item in asked]
        assert rendered == plain, one.id
        if one.status < 400:
            response = gemini.parse_response(one.body, request, model)
            assert [list(vector) for vector in response.vectors] == [
                embedding["values"] for embedding in one.body["embeddings"]
            ], one.id
            assert response.usage is not None
            assert response.usage.prompt_tokens
