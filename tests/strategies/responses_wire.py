"""Requests of OpenAI's Responses API as its own type takes them, and the forms that mean the same."""

import itertools
from typing import Any

from hypothesis import strategies as st

from tests.strategies.canonical import PDF, PNG, json_objects, schemas, tool_names, words

LOGPROBS = "message.output_text.logprobs"
_BREAKPOINTS = ({"mode": "explicit"}, {"mode": "explicit", "ttl": "12h"})
_STATUSES = ("in_progress", "completed", "incomplete")
_URL_CITATION = {
    "type": "url_citation",
    "start_index": 0,
    "end_index": 1,
    "title": "A",
    "url": "https://example.com/a",
}
_ANNOTATIONS = (
    _URL_CITATION,
    {"type": "file_citation", "file_id": "file_1", "filename": "a.pdf", "index": 3},
    {
        "type": "container_file_citation",
        "container_id": "cntr_1",
        "file_id": "file_2",
        "filename": "b.csv",
        "start_index": 0,
        "end_index": 2,
    },
    {"type": "file_path", "file_id": "file_3", "index": 4},
)
_LOGPROB = {
    "token": "a",
    "bytes": [97],
    "logprob": -0.5,
    "top_logprobs": [{"token": "b", "bytes": [98], "logprob": -1.5}],
}
_OPAQUE_ITEMS: tuple[dict[str, Any], ...] = (
    {"type": "item_reference", "id": "msg_1"},
    {"id": "msg_2"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"},
    {"type": "compaction_trigger"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "file_search_call", "id": "fs_1", "queries": ["a"], "status": "completed", "results": None},
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "arguments": "{}",
        "name": "search",
        "server_label": "docs",
        "output": "found",
    },
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {"type": "local_shell_call_output", "id": "lsh_1", "output": "ok"},
    {"type": "apply_patch_call_output", "call_id": "call_9", "status": "completed"},
    {"type": "additional_tools", "role": "developer", "tools": [{"type": "local_shell"}]},
    {"type": "image_generation_call", "id": "ig_1", "result": PNG, "status": "completed"},
    {"type": "function_call_output", "output": "of a search", "name": "found"},
)
_BUILTIN_TOOLS: tuple[dict[str, Any], ...] = (
    {"type": "web_search"},
    {"type": "web_search", "filters": {"allowed_domains": ["example.com"]}, "search_context_size": "low"},
    {"type": "web_search_preview"},
    {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 3},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp", "require_approval": "never"},
    {"type": "image_generation", "quality": "low"},
    {"type": "local_shell"},
    {"type": "tool_search"},
    {"type": "programmatic_tool_calling"},
)
_PLAIN_MEMBERS: dict[str, tuple[Any, ...]] = {
    "background": (False, True),
    "context_management": ([{"type": "compaction", "compact_threshold": 1000}],),
    "conversation": ("conv_1", {"id": "conv_1"}),
    "include": ([], [LOGPROBS], ["reasoning.encrypted_content"], ["reasoning.encrypted_content", LOGPROBS]),
    "instructions": ("Be brief.", ""),
    "max_output_tokens": (16, 40_000),
    "max_tool_calls": (3,),
    "metadata": ({}, {"team": "a"}),
    "moderation": ({"model": "omni-moderation-latest"},),
    "parallel_tool_calls": (True, False),
    "previous_response_id": ("resp_1",),
    "prompt_cache_key": ("key",),
    "prompt_cache_options": ({"mode": "explicit", "ttl": "30m"},),
    "prompt_cache_retention": ("24h",),
    "reasoning": (
        {},
        {"effort": "high"},
        {"effort": "low", "summary": "auto"},
        {"effort": None, "summary": "detailed", "context": "all_turns"},
        {"generate_summary": "concise"},
        {"mode": "pro"},
    ),
    "safety_identifier": ("abc",),
    "service_tier": ("auto", "default", "flex", "priority", "ultrafast"),
    "store": (True, False),
    "temperature": (0, 0.7),
    "top_logprobs": (0, 5),
    "top_p": (0.9,),
    "truncation": ("auto", "disabled"),
    "user": ("u1",),
}


def _optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


def _with(
    members: dict[str, Any], optional: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    return optional.map(lambda more: {**members, **more})


def _breakpoints() -> st.SearchStrategy[dict[str, Any]]:
    return _optional(prompt_cache_breakpoint=st.sampled_from(_BREAKPOINTS))


def input_parts() -> st.SearchStrategy[dict[str, Any]]:
    """What people and tools say."""
    texts = words().map(lambda text: {"type": "input_text", "text": text})
    images = st.sampled_from(
        [
            {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"},
            {"type": "input_image", "detail": "original", "image_url": "https://example.com/cat.png"},
            {"type": "input_image", "detail": "low", "file_id": "file_1"},
        ]
    )
    files = st.sampled_from(
        [
            {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "input_file", "file_id": "file_2", "detail": "high"},
        ]
    )
    part = st.one_of(texts, texts, images, files)
    return part.flatmap(lambda told: _with(told, _breakpoints()))


def _contents() -> st.SearchStrategy[Any]:
    return st.one_of(words(), words(), st.just(""), st.lists(input_parts(), max_size=3))


def _output_parts() -> st.SearchStrategy[dict[str, Any]]:
    annotations = st.lists(st.sampled_from(_ANNOTATIONS), max_size=2)
    texts = st.builds(
        lambda text, cited, more: {"type": "output_text", "text": text, "annotations": cited, **more},
        words(),
        annotations,
        _optional(logprobs=st.sampled_from([[], [_LOGPROB]])),
    )
    return st.one_of(texts, texts, words().map(lambda text: {"type": "refusal", "refusal": text}))


def messages() -> st.SearchStrategy[dict[str, Any]]:
    """Message items in every form: easy ones, and an answer's given back."""
    typed = _optional(type=st.just("message"))
    easy = st.builds(
        lambda role, content, more: {"role": role, "content": content, **more},
        st.sampled_from(["user", "user", "system", "developer"]),
        _contents(),
        typed,
    )
    assistant = st.builds(
        lambda content, more, phase: {"role": "assistant", "content": content, **more, **phase},
        st.one_of(words(), st.just("")),
        typed,
        _optional(phase=st.sampled_from(["commentary", "final_answer"])),
    )
    given_back = st.builds(
        lambda content, status, more: {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": status,
            "content": content,
            **more,
        },
        st.lists(_output_parts(), max_size=3),
        st.sampled_from(_STATUSES),
        _optional(phase=st.sampled_from(["commentary", "final_answer"])),
    )
    return st.one_of(easy, assistant, given_back)


def thoughts() -> st.SearchStrategy[dict[str, Any]]:
    """Reasoning items."""
    summary = st.lists(words().map(lambda text: {"type": "summary_text", "text": text}), max_size=2)
    content = st.lists(words().map(lambda text: {"type": "reasoning_text", "text": text}), max_size=2)
    return st.builds(
        lambda told, more: {"type": "reasoning", "id": "rs_1", "summary": told, **more},
        summary,
        _optional(
            content=content, encrypted_content=st.sampled_from([None, "gAAAAB"]), status=st.sampled_from(_STATUSES)
        ),
    )


@st.composite
def exchanges(draw: st.DrawFn, number: int) -> list[dict[str, Any]]:
    """A call and its result."""
    call_id, custom = f"call_{number}", draw(st.booleans())
    name = draw(tool_names())
    if custom:
        call = {"type": "custom_tool_call", "call_id": call_id, "name": name, "input": draw(words())}
    else:
        raw = draw(st.sampled_from(['{"a": 1}', "{}", "", '{"a":1.0,"b":"\\u00e9"}', "cut {"]))
        call = {"type": "function_call", "call_id": call_id, "name": name, "arguments": raw}
        call |= draw(_optional(namespace=st.just("crm"), status=st.sampled_from(_STATUSES)))
    call |= draw(_optional(id=st.just("fc_1"), caller=st.just({"type": "direct"})))
    kind = "custom_tool_call_output" if custom else "function_call_output"
    output = draw(st.one_of(words(), st.just(""), st.lists(input_parts(), min_size=1, max_size=2)))
    result = {"type": kind, "call_id": call_id, "output": output}
    return [call, result | draw(_optional(id=st.just("fco_1")))]


@st.composite
def inputs(draw: st.DrawFn) -> Any:
    """The `input` of a request: a text, or items in any order."""
    if draw(st.integers(0, 3)) == 0:
        return draw(words())
    items: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        one = st.one_of(messages(), messages(), thoughts(), st.sampled_from(_OPAQUE_ITEMS)).map(
            lambda item: [item]
        )
        items.extend(draw(st.one_of(one, one, exchanges(number))))
    return items


@st.composite
def tools(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A tool that the caller runs."""
    more = draw(_optional(description=words(), defer_loading=st.booleans()))
    if draw(st.integers(0, 3)) == 0:
        formats = [{"type": "text"}, {"type": "grammar", "syntax": "regex", "definition": "[ab]"}]
        return {"type": "custom", "name": name, **more, **draw(_optional(format=st.sampled_from(formats)))}
    return {
        "type": "function",
        "name": name,
        "parameters": draw(st.one_of(st.none(), schemas())),
        "strict": draw(st.sampled_from([None, True, False])),
        **more,
        **draw(_optional(output_schema=schemas())),
    }


@st.composite
def _tool_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    names = draw(st.lists(tool_names(), max_size=4, unique=True))
    for name in names:
        tool = draw(tools(name))
        if draw(st.integers(0, 4)) == 0:
            group = [tool, draw(tools(f"{name}2"))]
            tool = {"type": "namespace", "name": f"ns_{name}", "description": "a group", "tools": group}
        listed.append(tool)
    return listed + draw(st.lists(st.sampled_from(_BUILTIN_TOOLS), max_size=2))


def _choices(listed: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    own = [
        {"type": tool["type"], "name": tool["name"]} for tool in listed if tool["type"] in ("function", "custom")
    ]
    allowed = [
        {"type": "allowed_tools", "mode": mode, "tools": named}
        for mode, named in itertools.product(("auto", "required"), (own, [*own, {"type": "image_generation"}]))
        if named
    ]
    builtin = [
        {"type": "file_search"},
        {"type": "mcp", "server_label": "docs", "name": "search"},
        {"type": "shell"},
    ]
    return st.sampled_from(["none", "auto", "required", *own, *allowed, *builtin])


def _texts() -> st.SearchStrategy[dict[str, Any]]:
    formats = st.one_of(
        st.sampled_from([{"type": "text"}, {"type": "json_object"}]),
        st.builds(
            lambda schema, more: {"type": "json_schema", "name": "answer", "schema": schema, **more},
            schemas(),
            _optional(strict=st.sampled_from([None, True, False]), description=words()),
        ),
    )
    return _optional(format=formats, verbosity=st.sampled_from(["low", "high"]))


@st.composite
def requests(draw: st.DrawFn, *, members: dict[str, tuple[Any, ...]] | None = None) -> dict[str, Any]:
    """A request that the openai package's type takes; `members` narrows the plain members that may be in it."""
    known = _PLAIN_MEMBERS if members is None else members
    names = draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)) if known else []
    body: dict[str, Any] = {"model": "gpt-5", "input": draw(inputs())}
    body |= {name: draw(st.sampled_from(known[name])) for name in names}
    if draw(st.booleans()):
        body["tools"] = draw(_tool_lists())
        body |= draw(_optional(tool_choice=_choices(body["tools"])))
    if draw(st.booleans()):
        body["text"] = draw(_texts())
    if draw(st.booleans()):
        body |= {"stream": True, **draw(_optional(stream_options=st.just({"include_obfuscation": False})))}
    return body


def unknown_members() -> st.SearchStrategy[dict[str, Any]]:
    """Members that no version of the API knows."""
    return json_objects().map(lambda members: {f"x_{name}": value for name, value in members.items()})


def normal_form(body: dict[str, Any]) -> dict[str, Any]:
    """The same request for every way of writing it: without nulls and what is empty or 0, with a list of items."""
    said = body.get("input")
    if isinstance(said, str):
        body = {**body, "input": [{"role": "user", "content": said}]}
    normal = {name: _normal(value) for name, value in body.items() if name != "model" and value is not None}
    if "generate_summary" in normal.get("reasoning", {}):
        normal["reasoning"]["summary"] = normal["reasoning"].pop("generate_summary")
    for name in ("include", "input", "instructions", "metadata", "reasoning", "text", "tools", "top_logprobs"):
        if name in normal and not normal[name]:
            del normal[name]
    return normal


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    normal = {name: _normal(inner) for name, inner in value.items() if inner is not None}
    if normal.get("type") == "message":
        del normal["type"]
    for name in ("annotations", "logprobs"):
        if normal.get("type") == "output_text" and not normal.get(name):
            normal.pop(name, None)
    if normal.get("type") == "reasoning" and not normal.get("content"):
        normal.pop("content", None)
    for name in ("content", "output"):
        if name in normal and normal.get("type") != "reasoning":
            normal[name] = _normal_content(normal[name])
    return normal


def _normal_content(content: Any) -> Any:
    """A list where a string says as much."""
    if isinstance(content, str):
        return [content] if content else []
    if isinstance(content, list) and len(content) == 1 and content[0].keys() == {"type", "text"}:
        return [content[0]["text"]]
    return content
