"""What echo was told to do, by the model's name or by lines of the prompt.

It answers with the text of the last user message, or of the tool results that follow it, word by word. The name
after `echo/` may hold directives joined by `+` (`echo/think+slow-200ms`); the prompt may hold them as lines of
their own that begin with `/` (`/slow 200ms`). Any other name means nothing and does no harm (`echo/hello`).

    think              reasons first, then answers
    tool               calls the first offered tool without arguments
    slow               waits 100 ms before each word; `slow-2s`, `slow-50ms`: as long as it says (at most 10 s)
    empty              says nothing and ends well
    length             says the first half and ends with `length`
    error-429          fails with that HTTP status before it says anything (any of 400 … 599)
    fail-mid-stream    says the first half and then breaks off

A line `call NAME {"argument": …}` of the prompt calls that tool if it was offered; several lines call in
parallel. `max_tokens` is honoured. Tokens are counted as words, in the prompt and in the answer.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from domain.chat.content import Part, Text, ToolResult
from domain.chat.json_arguments import parse_arguments
from domain.chat.request import ChatRequest, Message, Role, Tool

MAX_DELAY_S: Final = 10.0
DEFAULT_DELAY_S: Final = 0.1

_WORDS: Final = re.compile(r"\s*\S+|\s+$")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_DIRECTIVES: Final = frozenset({"think", "tool", "slow", "empty", "length", "error", "fail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An answer to give.

    calls:     (tool name, arguments as JSON text). delay_s: the wait before each word.
    max_words: the answer is cut there and ends with `length`.
    status:    fail with this HTTP status instead. breaks: break off after half of the words.
    """

    text: str
    reasoning: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    max_words: int | None = None
    status: int | None = None
    breaks: bool = False
    prompt_words: int = 0


def read_script(model: str, request: ChatRequest) -> Script:
    """What the name `model` (without `echo/`) and the prompt ask for."""
    spoken: list[str] = []
    directives = model.split("+")
    for line in _last_words(request).splitlines(keepends=True):
        directive = _command(line)
        if directive is None:
            spoken.append(line)
        else:
            directives.append(directive)
    script = Script(
        text="".join(spoken).strip("\n"),
        calls=tuple(_calls(spoken, request)),
        max_words=request.max_output_tokens,
        prompt_words=count_prompt_words(request),
    )
    for directive in directives:
        script = _directed(script, directive, request)
    return script


def words(text: str) -> list[str]:
    """`text` cut into words, each with the white space before it; joined they are the text."""
    return _WORDS.findall(text)


def count_prompt_words(request: ChatRequest) -> int:
    """The words of every text in the conversation."""
    return sum(len(text.split()) for message in request.messages for text in _texts(message.parts))


def _command(line: str) -> str | None:
    """`/error 429` as the directive `error-429`; None where the line is none."""
    name, _, detail = line.strip().partition(" ")
    if not name.startswith("/") or name[1:].partition("-")[0] not in _DIRECTIVES:
        return None
    return f"{name[1:]}-{detail.strip()}" if detail else name[1:]


def _directed(script: Script, directive: str, request: ChatRequest) -> Script:
    name, _, detail = directive.partition("-")
    match name:
        case "think":
            return replace(script, reasoning=f"The prompt has {script.prompt_words} words.")
        case "tool":
            first = next((tool.name for tool in request.tools if isinstance(tool, Tool)), None)
            return script if first is None else replace(script, calls=((first, "{}"),))
        case "slow":
            return replace(script, delay_s=_delay_s(detail))
        case "empty":
            return replace(script, text="")
        case "length":
            return replace(script, max_words=_half(script.text))
        case "error" if detail.isdecimal() and 400 <= int(detail) <= 599:
            return replace(script, status=int(detail))
        case "fail" if detail == "mid-stream":
            return replace(script, breaks=True, max_words=_half(script.text))
        case _:
            return script


def _half(text: str) -> int:
    return max(1, len(words(text)) // 2)


def _delay_s(detail: str) -> float:
    duration = _DURATION.fullmatch(detail)
    if duration is None:
        return DEFAULT_DELAY_S
    return min(MAX_DELAY_S, float(duration[1]) / (1000 if duration[2] == "ms" else 1))


def _calls(lines: Iterable[str], request: ChatRequest) -> Iterator[tuple[str, str]]:
    offered = {tool.name for tool in request.tools if isinstance(tool, Tool)}
    for line in lines:
        verb, name, arguments, *_ = [*line.split(None, 2), "", "", ""]
        raw = arguments.strip() or "{}"
        if verb == "call" and name in offered and parse_arguments(raw) is not None:
            yield name, raw


def _last_words(request: ChatRequest) -> str:
    for message in reversed(request.messages):
        if message.role in (Role.USER, Role.TOOL):
            return _said(message)
    return ""


def _said(message: Message) -> str:
    return "\n".join(_texts(message.parts))


def _texts(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, ToolResult):
            yield from _texts(part.parts)
