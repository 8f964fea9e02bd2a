"""Requests of OpenAI's Chat Completions, in every spelling that clients use: OpenAI's own, litellm's, OpenRouter's."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.strategies.canonical import PDF, PNG, WAV, schemas, tool_names, visible, words

_SIGNATURE = "c2lnbmVk"
_CACHE_MARKS: tuple[dict[str, Any], ...] = (
    {"cache_control": {"type": "ephemeral"}},
    {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    {"prompt_cache_breakpoint": {"mode": "explicit"}},
    {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
)
_IMAGES: tuple[dict[str, Any], ...] = (
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
    {"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": "high"}},
)
_FILES: tuple[dict[str, Any], ...] = (
    {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"}},
    {"type": "file", "file": {"file_id": "file-1"}},
)
_AUDIO: dict[str, Any] = {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}}
_PLAIN_MEMBERS: dict[str, tuple[Any, ...]] = {
    "temperature": (0, 0.5, 1, 1.7),
    "top_p": (0.9, 1),
    "top_k": (40,),
    "seed": (7, 2**40),
    "frequency_penalty": (0, 0.5),
    "presence_penalty": (-0.5,),
    "logit_bias": ({"50256": -100},),
    "stop": ("END", ["a", "b"], ["a", "b", "c", " "], []),
    "n": (1, 2),
    "max_tokens": (1, 100, 900_000),
    "max_completion_tokens": (1, 100, 900_000),
    "reasoning_effort": ("none", "minimal", "low", "high", "xhigh", "max"),
    "thinking": (
        {"type": "enabled", "budget_tokens": 2_000},
        {"type": "adaptive"},
        {"type": "disabled"},
        {"type": "adaptive", "display": "omitted"},
    ),
    "modalities": (["text"], ["text", "audio"]),
    "audio": ({"voice": "alloy", "format": "wav"},),
    "prediction": ({"type": "content", "content": "x"},),
    "verbosity": ("low", "high"),
    "service_tier": ("auto", "default", "flex", "priority", "scale"),
    "user": ("u", "ann@example.com"),
    "safety_identifier": ("s",),
    "prompt_cache_key": ("k",),
    "prompt_cache_options": ({"mode": "explicit", "ttl": "30m"},),
    "prompt_cache_retention": ("24h",),
    "store": (True, False),
    "metadata": ({"team": "a"},),
    "moderation": ({"model": "omni-moderation-latest"},),
    "parallel_tool_calls": (True, False),
    "web_search_options": (
        {},
        {"search_context_size": "low"},
        {"user_location": {"type": "approximate", "approximate": {"city": "Bern", "country": "CH"}}},
    ),
    "unheard_of": (1, {"a": [1]}),
}
_ALSO_SAID = ("tool_choice", "response_format", "logprobs", "stream")


def _with(
    members: dict[str, Any], *, marked: bool = False, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """`members`, mostly without the `optional` ones; `marked`: perhaps the end of a reusable prefix."""
    more = st.one_of(st.just({}), st.fixed_dictionaries({}, optional=optional))
    marks = st.sampled_from([{}, {}, {}, *_CACHE_MARKS] if marked else [{}])
    return st.builds(lambda extra, mark: {**members, **extra, **mark}, more, marks)


def text_parts() -> st.SearchStrategy[dict[str, Any]]:
    """A text as a part."""
    return words().flatmap(lambda text: _with({"type": "text", "text": text}, marked=True, unheard=st.just(1)))


def shown_parts() -> st.SearchStrategy[dict[str, Any]]:
    """What a user shows."""
    media = st.sampled_from([*_IMAGES, *_IMAGES[:2], *_FILES, _FILES[0], _AUDIO])
    return st.one_of(text_parts(), text_parts(), media.flatmap(lambda part: _with(part, marked=True)))


def _spoken(role: str) -> st.SearchStrategy[dict[str, Any]]:
    parts = shown_parts() if role == "user" else text_parts()
    content = st.one_of(visible(), visible(), st.lists(parts, min_size=1, max_size=3))
    names = st.sampled_from(["ann", "bob"])
    return content.flatmap(lambda said: _with({"role": role, "content": said}, name=names, unheard=st.just(1)))


def _thoughts() -> st.SearchStrategy[dict[str, Any]]:
    """Every member that holds the thoughts of an assistant's message."""
    return st.one_of(
        st.just({}),
        st.builds(lambda text: {"reasoning_content": text}, visible()),
        st.builds(
            lambda text: {"thinking_blocks": [{"type": "thinking", "thinking": text, "signature": _SIGNATURE}]},
            words(),
        ),
        st.just({"thinking_blocks": [{"type": "redacted_thinking", "data": _SIGNATURE}]}),
        st.just(
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "d", "format": "openai-responses-v1"}]}
        ),
    )


@st.composite
def tool_calls(draw: st.DrawFn, name: str, number: int) -> dict[str, Any]:
    """A call as the assistant made it; calls of tools with free text are such."""
    call_id = draw(
        st.sampled_from([f"call_{number}", f"call_{number}", f"functions.f:{number}", f"{number}" * 70])
    )
    if name.endswith("_free"):
        return {"id": call_id, "type": "custom", "custom": {"name": name, "input": draw(words())}}
    raw = draw(st.sampled_from(['{"a": 1.0}', '{"city":"Z\u00fcrich"}', "{}", "", '{"cut": ']))
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": raw}}
    signed = st.just({"google": {"thought_signature": _SIGNATURE}})
    return draw(_with(call, marked=True, extra_content=signed))


@st.composite
def _results(draw: st.DrawFn, call: dict[str, Any]) -> dict[str, Any]:
    content = draw(st.one_of(visible(), st.just(""), st.lists(text_parts(), min_size=1, max_size=2)))
    return {"role": "tool", "tool_call_id": call["id"], "content": content}


@st.composite
def _turns(draw: st.DrawFn, names: Sequence[str], number: int) -> list[dict[str, Any]]:
    """What an assistant said or called, and the results."""
    called = draw(st.lists(st.sampled_from(list(names)), max_size=2)) if names else []
    calls = [draw(tool_calls(name, 10 * number + index)) for index, name in enumerate(called)]
    content = draw(st.one_of(visible(), st.lists(text_parts(), min_size=1, max_size=2)))
    said: dict[str, Any] = {"role": "assistant", "content": content, **draw(_thoughts())}
    if calls:
        said |= {"content": draw(st.sampled_from([None, content])), "tool_calls": calls}
    elif draw(st.integers(0, 4)) == 0:
        said |= {"content": None, "refusal": draw(visible())}
    said = draw(_with(said, name=st.just("bot"), annotations=st.just([{"type": "url_citation"}])))
    return [said, *(draw(_results(call)) for call in calls)]


@st.composite
def wire_messages(draw: st.DrawFn, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A conversation; instructions may stand anywhere in it."""
    told = draw(st.lists(st.sampled_from(["system", "developer"]).flatmap(_spoken), max_size=2))
    for number in range(draw(st.integers(0, 2))):
        told.append(draw(_spoken("user")))
        told.extend(draw(_turns(names, number)))
        if draw(st.integers(0, 5)) == 0:
            told.append(draw(_spoken("system")))
    return [*told, draw(_spoken("user"))]


@st.composite
def tools(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A tool of the caller's; names that end in `_free` are of tools with free text input."""
    if name.endswith("_free"):
        grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "[ab]"}}
        formats = st.sampled_from([{"type": "text"}, grammar])
        return {"type": "custom", "custom": draw(_with({"name": name}, description=visible(), format=formats))}
    closed = st.just({"type": "object", "properties": {}, "required": [], "additionalProperties": False})
    function = draw(
        _with(
            {"name": name},
            description=visible(),
            parameters=st.one_of(schemas(), closed),
            strict=st.booleans(),
            unheard=st.just(1),
        )
    )
    return draw(_with({"type": "function", "function": function}, marked=True))


def _choices(listed: Sequence[dict[str, Any]]) -> st.SearchStrategy[Any]:
    named = [{"type": tool["type"], tool["type"]: {"name": tool[tool["type"]]["name"]}} for tool in listed]
    allowed = [
        {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named[:1]}}
        for mode in ("auto", "required")
        if named
    ]
    return st.sampled_from(["auto", "none", "required", *named, *allowed])


def response_formats() -> st.SearchStrategy[dict[str, Any]]:
    """Every shape an answer may be asked to have."""
    optional: dict[str, Any] = {"description": visible(), "strict": st.booleans()}
    shaped = schemas().flatmap(lambda schema: _with({"name": "answer", "schema": schema}, **optional))
    return st.one_of(
        st.sampled_from([{"type": "text"}, {"type": "json_object"}]),
        shaped.map(lambda schema: {"type": "json_schema", "json_schema": schema}),
    )


@st.composite
def _further(draw: st.DrawFn, name: str, listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    match name:
        case "tool_choice":
            return {name: draw(_choices(listed))}
        case "response_format":
            return {name: draw(response_formats())}
        case "logprobs":
            return {name: True, **draw(st.fixed_dictionaries({}, optional={"top_logprobs": st.just(3)}))}
        case "stream":
            options = st.sampled_from([{"include_usage": True}, {"include_obfuscation": False}])
            return {name: True, **draw(st.fixed_dictionaries({}, optional={"stream_options": options}))}
        case _:
            return {name: draw(st.sampled_from(_PLAIN_MEMBERS[name]))}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request as clients of Chat Completions write it."""
    plain = draw(st.lists(tool_names(), max_size=2, unique=True))
    names = [*plain, *draw(st.sampled_from([[], [], ["run_free"]]))]
    listed = [draw(tools(name)) for name in names]
    body: dict[str, Any] = {"model": "asked", "messages": draw(wire_messages(names))}
    if listed:
        body["tools"] = listed
    further = st.sampled_from([*sorted(_PLAIN_MEMBERS), *_ALSO_SAID, *_ALSO_SAID])
    for name in draw(st.lists(further, max_size=6, unique=True)):
        body |= draw(_further(name, listed))
    return body
