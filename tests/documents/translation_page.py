"""docs/translation.md, written from what the dialects do.

`python -m tests.documents.translation_page` prints the page; a test holds the page to it.
"""

import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Final

from adapters.dialects import json_codec
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool, ChatRequest
from domain.errors import RequestError
from tests.documents.features import FEATURES, Feature, plain
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, target

TITLES: Final = {
    OPENAI_CHAT: "Chat Completions",
    OPENAI_RESPONSES: "Responses",
    ANTHROPIC_MESSAGES: "Messages",
    GEMINI: "generateContent",
}
MODELS: Final = {
    OPENAI_CHAT: ("gpt-4.1", "gpt-5.2"),
    OPENAI_RESPONSES: ("gpt-4.1", "gpt-5.2"),
    ANTHROPIC_MESSAGES: ("claude-sonnet-4-5", "claude-opus-4-8"),
    GEMINI: ("gemini-2.5-flash", "gemini-3.1-pro-preview"),
}
"""Per dialect an older model and one of the newest generation."""

NATIVE_TOOLS: Final = {
    OPENAI_CHAT: {"web_search": "web_search_options"},
    OPENAI_RESPONSES: {"web_search": "web_search", "code_execution": "code_interpreter"},
    ANTHROPIC_MESSAGES: {"web_search": "web_search_20250305", "code_execution": "code_execution_20250825"},
    GEMINI: {"web_search": "googleSearch", "code_execution": "codeExecution"},
}
"""What each vendor calls the tools that it runs itself."""

_MEMBERS: Final = tuple(member.name for member in fields(ChatRequest))

INTRODUCTION: Final = """\
# What a translation keeps

For each client dialect, what becomes of a request's features at an upstream of each dialect. This page is written by
the code itself (`make docs`), and a test holds it to what the code does.

- **kept**: the upstream is told exactly that.
- **changed**: it is told in other words, or only in part; the answer carries a warning that says so.
- **hint lost**: only a hint without effect on the answer is left out; a warning names it, strict mode accepts it.
- **dropped**: left out with a warning; `drop_params: false` or strict mode refuses the request instead.
- **refused**: a 400 that names the member.
- **-**: the client's own dialect has no word for it.

Where two words stand, the first is for {older},
the second for {newer}: what a model can do is data, and `model_info` overrides it. Between client and upstream of one dialect nothing is translated: the body passes as it is.
Each warning is a code and a JSON pointer into the client's own request, in the header `x-feathergate-warning`.
"""


def page() -> str:
    """The whole page."""
    older = ", ".join(dict.fromkeys(models[0] for models in MODELS.values()))
    newer = ", ".join(dict.fromkeys(models[1] for models in MODELS.values()))
    return "\n".join([INTRODUCTION.format(older=older, newer=newer), *_tables()])


def _tables() -> Iterator[str]:
    for client, title in TITLES.items():
        others = [dialect for dialect in DIALECTS if dialect != client]
        yield f"## Clients of {title}\n"
        yield f"| asked for | {' | '.join(f'to {TITLES[dialect]}' for dialect in others)} |"
        yield "|---" * (len(others) + 1) + "|"
        for name, feature in FEATURES.items():
            words = (fate(feature, client, upstream) for upstream in others)
            yield f"| {name} | {' | '.join(words)} |"
        yield ""


def fate(feature: Feature, client: str, upstream: str) -> str:
    """What becomes of `feature`, asked for in `client`'s dialect, at both models of `upstream`."""
    asked = said(feature, client)
    if asked is None:
        return "-"
    bare = replace(feature.without(plain()), source=client)
    fates = [_fate(asked, bare, upstream, model) for model in MODELS[upstream]]
    return " / ".join(dict.fromkeys(fates))


def said(feature: Feature, client: str) -> ChatRequest | None:
    """The request as a client of that dialect can say it; None where it cannot."""
    wanted, bare = (replace(ask(plain()), source=client) for ask in (feature.asked, feature.without))
    if client in feature.said_by:
        return wanted
    changed = [name for name in _MEMBERS if getattr(wanted, name) != getattr(bare, name)]
    for model in MODELS[client]:
        parsed, plainly = _own(wanted, client, model), _own(bare, client, model)
        if parsed and plainly and any(getattr(parsed, name) != getattr(plainly, name) for name in changed):
            return parsed
    return None


def _own(wanted: ChatRequest, client: str, model: str) -> ChatRequest | None:
    """`wanted` written by a client of that dialect and read again; None where the dialect refuses it."""
    try:
        body = DIALECTS[client].render_request(_native(wanted, client), target(client, model)).body
        return DIALECTS[client].parse_request(json_codec.decode(json_codec.encode({"model": "m", **body})))
    except RequestError:
        return None


def _native(wanted: ChatRequest, client: str) -> ChatRequest:
    """`wanted` with vendors' own tools under the names that the client's vendor has for them."""
    tools = (
        replace(tool, native_type=NATIVE_TOOLS[client].get(tool.kind, tool.native_type))
        if isinstance(tool, BuiltinTool)
        else tool
        for tool in wanted.tools
    )
    return replace(wanted, tools=tuple(tools))


def _fate(asked: ChatRequest, bare: ChatRequest, upstream: str, model: str) -> str:
    try:
        rendered = DIALECTS[upstream].render_request(asked, target(upstream, model))
    except RequestError:
        return "refused"
    usual = DIALECTS[upstream].render_request(bare, target(upstream, model)).losses
    return _weight([loss for loss in rendered.losses if loss not in usual])


def _weight(losses: list[Loss]) -> str:
    kinds = {loss.kind for loss in losses}
    if LossKind.CHANGE in kinds:
        return "changed"
    if LossKind.PARAMETER in kinds:
        return "dropped"
    return "hint lost" if kinds else "kept"


if __name__ == "__main__":
    sys.stdout.write(page())
