"""Answers with everything that an upstream of any dialect may say."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat.content import (
    Audio,
    Citation,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from tests.strategies.canonical import PNG, signatures, tool_calls, url_citations, usages, words

REPLY = Reply(
    model="asked/model",
    created_unix_s=1_800_000_000,
    echo={
        "instructions": "Be brief.",
        "temperature": 0.5,
        "text": {"verbosity": "low"},
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
            {
                "type": "namespace",
                "name": "crm",
                "description": "customers",
                "tools": [{"type": "function", "name": "find"}],
            },
        ],
    },
)


def opaque(family: str | None = None) -> st.SearchStrategy[Opaque | None]:
    """A signature of any vendor, or none."""
    families = [family] if family else ["openai", "anthropic", "google", "deepseek"]
    return st.sampled_from(families).flatmap(signatures)


def _texts() -> st.SearchStrategy[Part]:
    foreign = Citation(kind="doc_char", title="D", cited_text="c")
    own = Citation(
        kind="file", title="f.pdf", ext={FAMILY: {"type": "file_citation", "file_id": "file_1", "index": 3}}
    )
    citations = st.lists(
        st.one_of(url_citations(), st.sampled_from([foreign, own, Citation(kind="url", url="https://a.example")])),
        max_size=2,
    ).map(tuple)
    text = st.builds(Text, text=words(), citations=citations, signature=opaque("google"))
    signed = opaque("google").map(lambda signature: Text(text="", signature=signature))
    return st.one_of(text, text, signed.filter(lambda part: part.signature is not None))


def _thoughts() -> st.SearchStrategy[Part]:
    redacted = signatures("anthropic").map(
        lambda signature: Reasoning(text="", signature=signature, redacted=signature is not None)
    )
    told = st.builds(
        Reasoning,
        text=st.one_of(st.just(""), words()),
        form=st.sampled_from(["summary", "raw"]),
        signature=opaque(),
    )
    return st.one_of(told, told, redacted)


def _calls() -> st.SearchStrategy[ToolCall]:
    custom = st.builds(
        ToolCall, id=st.just("call_custom"), name=st.just("sql"), raw=words(), kind=st.just("custom")
    )
    return st.one_of(tool_calls(), tool_calls(names=("f", "crm__find"), family="google"), custom)


def _others() -> st.SearchStrategy[Part]:
    return st.sampled_from(
        [
            Refusal(text="I will not."),
            Image(source=Inline(media_type="image/png", base64=PNG)),
            Image(source=Url(url="https://example.com/a.png")),
            Audio(source=Inline(media_type="audio/wav", base64="AAAA"), transcript="la"),
            OpaquePart(family="anthropic", kind="server_tool_use", raw={"type": "server_tool_use"}),
            OpaquePart(
                family=FAMILY,
                kind="web_search_call",
                raw={
                    "type": "web_search_call",
                    "id": "ws_1",
                    "status": "completed",
                    "action": {"type": "search", "query": "q"},
                },
            ),
        ]
    )


def _finishes(parts: Sequence[Part]) -> st.SearchStrategy[Finish]:
    called = any(isinstance(part, ToolCall) for part in parts)
    whole = FinishReason.TOOL_CALLS if called else FinishReason.STOP
    return st.sampled_from(
        [
            Finish(reason=whole),
            Finish(reason=whole),
            Finish(reason=FinishReason.LENGTH),
            Finish(reason=FinishReason.CONTENT_FILTER, explanation="it said so"),
            Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal"),
            Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="not that"),
            Finish(reason=FinishReason.PAUSE),
            Finish(reason=FinishReason.OTHER),
        ]
    )


@st.composite
def rich_responses(draw: st.DrawFn) -> ChatResponse:
    """An answer of parts in any order, each call with an id of its own, each opaque item there once."""
    drawn = draw(st.lists(st.one_of(_texts(), _thoughts(), _calls(), _others()), max_size=6))
    parts: list[Part] = []
    for number, part in enumerate(drawn):
        if isinstance(part, ToolCall):
            parts.append(replace(part, id=f"{part.id}_{number}"))
        elif not isinstance(part, OpaquePart) or part not in parts:
            parts.append(part)
    tokens = [{"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": "é", "logprob": -1.5}]}]
    candidate = Candidate(
        index=0,
        parts=tuple(parts),
        finish=draw(_finishes(parts)),
        logprobs=draw(st.sampled_from([None, None, tokens])),
    )
    others = draw(st.integers(0, 1)) * (Candidate(index=1, parts=(Text(text="b"),), finish=candidate.finish),)
    return ChatResponse(
        id=draw(st.sampled_from(["resp_abc", "chatcmpl-1", "msg_01", ""])),
        model="m",
        created_unix_s=draw(st.sampled_from([None, 1_700_000_000])),
        candidates=(candidate, *others),
        usage=draw(st.one_of(st.none(), usages())),
        service_tier=draw(st.sampled_from([None, "standard", "priority", "batch"])),
    )
