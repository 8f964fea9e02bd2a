"""What an answer says, apart from any wire format: what must be the same before and after every translation."""

import json
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from hypothesis import strategies as st

from tests.strategies.canonical import tool_names, words

Ending: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]

SIGNATURE = "c2ln+mVk/nlUaGVWZW5kb3I="
"""What an upstream signs with: base64, which Gemini's signatures are in."""

EXACT_ARGUMENTS = (
    "{}",
    '{"a":1}',
    '{"a": 9007199254740993, "b": -9223372036854775809}',
    '{"a":1.0,"b":[1.5,0]}',
    '{"city":"Z\\u00fcrich","line":"a\u2028b","path":"C:\\\\x\\n"}',
    '{"nested":{"list":[null,true,{"deep":"\U0001f600"}]}}',
)
"""Arguments whose meaning a careless translation changes."""
SURROGATES = '{"half":"\\ud83d"}'
"""Arguments with half a character, which official clients cannot hold as text but their wires can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call; `arguments` is the text of a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tokens: `cached` of the prompt, `reasoned` of the completion."""

    prompt: int = 7
    completion: int = 5
    cached: int = 0
    reasoned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer: a thought, a text, calls, in this order; what is not said is empty.

    signature: of the thought (Anthropic, Responses), or of the first call or else the text (Gemini).
    """

    thought: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    ending: Ending = "stop"
    counts: Counts = field(default_factory=Counts)
    signature: str = ""

    def meant(self) -> "Said":
        """What of it every client must read: arguments in one spelling (1.0 is not 1), and no signature."""
        calls = (replace(call, arguments=json.dumps(json.loads(call.arguments))) for call in self.calls)
        return replace(self, calls=tuple(calls), signature="")


def counts() -> st.SearchStrategy[Counts]:
    """Counts whose parts fit into their wholes."""
    number = st.integers(0, 5_000)

    def made(fresh: int, cached: int, visible: int, reasoned: int) -> Counts:
        return Counts(prompt=fresh + cached, completion=visible + reasoned, cached=cached, reasoned=reasoned)

    return st.builds(made, number, number, st.integers(1, 5_000), number)


@st.composite
def calls(draw: st.DrawFn, *, arguments: tuple[str, ...] = EXACT_ARGUMENTS) -> tuple[Call, ...]:
    """Up to three calls, of which each has an id of its own."""
    return tuple(
        Call(id=f"call_{number}abcdef", name=draw(tool_names()), arguments=draw(st.sampled_from(arguments)))
        for number in range(draw(st.integers(0, 3)))
    )


@st.composite
def answers(draw: st.DrawFn, *, signed: bool = False) -> Said:
    """Any answer that says something, ending as such answers end."""
    thought = draw(st.one_of(st.just(""), words()))
    made = draw(calls())
    text = draw(words()) if not made else draw(st.one_of(st.just(""), words()))
    ending: Ending = "tool_calls" if made else draw(st.sampled_from(["stop", "length", "content_filter"]))
    return Said(
        thought=thought,
        text=text,
        calls=made,
        ending=ending,
        counts=draw(counts()),
        signature=SIGNATURE if signed else "",
    )
