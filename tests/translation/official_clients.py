"""What the vendors' own packages make of an answer: their types check it, their accumulators put streams together."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import httpx
from openai import omit
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.dialects.anthropic_messages.sdk import accumulated, check_message
from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.said import Call, Counts, Ending, Said


def read_body(dialect: str, body: Any) -> Said:
    """What the official client of `dialect` reads in a buffered answer. Raises where its types refuse it."""
    return _BODIES[dialect](body)


def read_stream(dialect: str, stream: bytes) -> Said:
    """What it reads in a streamed one, every event of which its types accept."""
    return _STREAMS[dialect](stream)


def documents(stream: bytes) -> Iterator[Any]:
    """The JSON documents of an event stream, OpenAI's last mark left out."""
    for line in stream.replace(b"\r\n", b"\n").split(b"\n"):
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield json.loads(line[6:])


def message_of(dialect: str, stream: bytes) -> Any:
    """The answer of a stream as the official client holds it, and would send it back."""
    match dialect:
        case "openai_chat":
            return _completed(stream).choices[0].message.to_dict(mode="json")
        case "openai_responses":
            return [item.to_dict(mode="json") for item in _responded(stream).output]
        case "anthropic_messages":
            return accumulated(stream)["content"]
        case _:
            chunks = _generated(stream)
            parts = [part for chunk in chunks for part in _parts(chunk)]
            return {"role": "model", "parts": [part.to_json_dict() for part in parts]}


# ---- OpenAI Chat Completions ---------------------------------------------------------------------------------------


def _completed(stream: bytes) -> ChatCompletion:
    state = ChatCompletionStreamState()
    for document in documents(stream):
        state.handle_chunk(ChatCompletionChunk.model_validate(document))
    return state.current_completion_snapshot


def _of_completion(completion: ChatCompletion) -> Said:
    (choice,) = completion.choices
    message, usage = choice.message, completion.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    calls = (
        Call(id=call.id, name=call.function.name, arguments=call.function.arguments)
        if call.type == "function"
        else Call(id=call.id, name=call.custom.name, arguments=call.custom.input)
        for call in message.tool_calls or ()
    )
    return Said(
        thought=getattr(message, "reasoning_content", None) or "",
        text=message.content or "",
        calls=tuple(calls),
        ending=_CHAT_ENDINGS[choice.finish_reason],
        counts=Counts(
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
            cached=(read and read.cached_tokens) or 0,
            reasoned=(written and written.reasoning_tokens) or 0,
        ),
    )


# ---- OpenAI Responses ----------------------------------------------------------------------------------------------


@cache
def _response_events() -> TypeAdapter[Any]:
    return TypeAdapter(ResponseStreamEvent)


def _responded(stream: bytes) -> Response:
    state = ResponseStreamState[Any](input_tools=omit, text_format=omit)
    for document in documents(stream):
        event = _response_events().validate_python(document)
        assert event.type == document["type"]
        state.handle_event(event)
    ending = _response_events().validate_python(document)
    response: Response = ending.response
    assert response.status in ("completed", "incomplete")
    assert ending.type == f"response.{response.status}"
    return response


def _input(call: Any) -> str:
    return str(call.arguments if call.type == "function_call" else call.input)


def _of_response(response: Response) -> Said:
    usage = response.usage
    assert usage is not None
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    calls = tuple(
        Call(id=item.call_id, name=item.name, arguments=_input(item))
        for item in response.output
        if item.type in ("function_call", "custom_tool_call")
    )
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    thoughts += [part.text for item in response.output if item.type == "reasoning" for part in item.content or ()]
    details = response.incomplete_details
    whole: Ending = "tool_calls" if calls else "stop"
    return Said(
        thought="".join(thoughts),
        text=response.output_text,
        calls=calls,
        ending=whole if response.status == "completed" else _RESPONSE_ENDINGS[str(details and details.reason)],
        counts=Counts(
            prompt=usage.input_tokens,
            completion=usage.output_tokens,
            cached=usage.input_tokens_details.cached_tokens,
            reasoned=usage.output_tokens_details.reasoning_tokens,
        ),
    )


# ---- Anthropic Messages --------------------------------------------------------------------------------------------


def _of_message(body: dict[str, Any]) -> Said:
    message = check_message(body)
    usage = message.usage
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = usage.output_tokens_details
    return Said(
        thought="".join(block.thinking for block in message.content if block.type == "thinking"),
        text="".join(block.text for block in message.content if block.type == "text"),
        calls=tuple(
            Call(id=block.id, name=block.name, arguments=json.dumps(block.input))
            for block in message.content
            if block.type == "tool_use"
        ),
        ending=_MESSAGE_ENDINGS[str(message.stop_reason)],
        counts=Counts(
            prompt=usage.input_tokens + cached + written,
            completion=usage.output_tokens,
            cached=cached,
            reasoned=details.thinking_tokens if details else 0,
        ),
    )


# ---- Gemini generateContent ----------------------------------------------------------------------------------------


@cache
def _gemini() -> tuple[Any, Any, list[bytes]]:
    """Google's client, its type of answers, and where the stream stands that the client is answered with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google import genai
        from google.genai import types
    told: list[bytes] = []

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(told[-1]))

    options = types.HttpOptions(client_args={"transport": httpx.MockTransport(answer)})
    return genai.Client(api_key="k", http_options=options), types.GenerateContentResponse, told


def _generated(stream: bytes) -> list[Any]:
    client, _, told = _gemini()
    told[:] = [stream]
    return list(client.models.generate_content_stream(model="m", contents="hi"))


def _parts(chunk: Any) -> Iterable[Any]:
    content = chunk.candidates[0].content
    return (content.parts or ()) if content else ()


def _of_chunks(chunks: list[Any]) -> Said:
    parts = [part for chunk in chunks for part in _parts(chunk)]
    usage = chunks[-1].usage_metadata
    calls = tuple(
        Call(id=part.function_call.id, name=part.function_call.name, arguments=json.dumps(part.function_call.args))
        for part in parts
        if part.function_call
    )
    word = chunks[-1].candidates[0].finish_reason.value
    ending: Ending = "tool_calls" if calls and word == "STOP" else _FINISH_REASONS[word]
    prompt = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
    completion = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    assert (usage.total_token_count or 0) == prompt + completion
    return Said(
        thought="".join(part.text for part in parts if part.thought),
        text="".join(part.text for part in parts if part.text and not part.thought),
        calls=calls,
        ending=ending,
        counts=Counts(
            prompt=prompt,
            completion=completion,
            cached=usage.cached_content_token_count or 0,
            reasoned=usage.thoughts_token_count or 0,
        ),
    )


_CHAT_ENDINGS: Final[Mapping[str, Ending]] = MappingProxyType(
    {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter"}
)
_RESPONSE_ENDINGS: Final[Mapping[str, Ending]] = MappingProxyType(
    {"max_output_tokens": "length", "content_filter": "content_filter"}
)
_MESSAGE_ENDINGS: Final[Mapping[str, Ending]] = MappingProxyType(
    {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "pause_turn": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "refusal": "content_filter",
    }
)
_FINISH_REASONS: Final[Mapping[str, Ending]] = MappingProxyType(
    {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter"}
)
_BODIES: Final[Mapping[str, Callable[[Any], Said]]] = MappingProxyType(
    {
        OPENAI_CHAT: lambda body: _of_completion(ChatCompletion.model_validate(body)),
        OPENAI_RESPONSES: lambda body: _of_response(Response.model_validate(body)),
        ANTHROPIC_MESSAGES: _of_message,
        GEMINI: lambda body: _of_chunks([_gemini()[1].model_validate(body)]),
    }
)
_STREAMS: Final[Mapping[str, Callable[[bytes], Said]]] = MappingProxyType(
    {
        OPENAI_CHAT: lambda stream: _of_completion(_completed(stream)),
        OPENAI_RESPONSES: lambda stream: _of_response(_responded(stream)),
        ANTHROPIC_MESSAGES: lambda stream: _of_message(accumulated(stream)),
        GEMINI: lambda stream: _of_chunks(_generated(stream)),
    }
)
