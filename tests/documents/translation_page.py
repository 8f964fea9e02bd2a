"""docs/translation.md, written from what the dialects do.

`python -m tests.documents.translation_page` prints the page; a test holds the page to it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest
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

INTRODUCTION: Final = """\
# What a translation keeps

For each client dialect, what becomes of a request's features at an upstream of each dialect. This page is written by
the code itself (`make docs`), and a test holds it to what the code does.

- **kept**: the upstream is told exactly that.
- **changed**: it is told in other words, or only in part; the answer carries a warning that says so.
- **hint lost**: only a hint without effect on the answer is left out; a warning names it, strict mode accepts it.
- **dropped**: left out with a warning; `drop_params: false` or strict mode refuses the request instead.
- **refused**: a 400 that names the member.
- **–**: the client's own dialect has no word for it.

Where two words stand, the first is for {older}, the second for {newer}: what a model can do is data, and
`model_info` overrides it. Between client and upstream of one dialect nothing is translated: the body passes as it is.
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
        return "–"
    fates = [_fate(asked, client, upstream, model) for model in MODELS[upstream]]
    return " / ".join(dict.fromkeys(fates))


def said(feature: Feature, client: str) -> ChatRequest | None:
    """The request as a client of that dialect can say it; None where it cannot."""
    wanted = replace(feature(plain()), source=client)
    for model in reversed(MODELS[client]):
        try:
            body = DIALECTS[client].render_request(wanted, target(client, model)).body
            parsed = DIALECTS[client].parse_request(json_codec.decode(json_codec.encode({"model": "m", **body})))
        except RequestError:
            continue
        if _says(parsed, feature, client):
            return parsed
    return None


def _says(parsed: ChatRequest, feature: Feature, client: str) -> bool:
    """Whether `parsed` still says what `feature` adds to a plain request."""
    bare = DIALECTS[client].render_request(replace(plain(), source=client), target(client)).body
    unchanged = DIALECTS[client].parse_request(json_codec.decode(json_codec.encode({"model": "m", **bare})))
    wanted = feature(plain())
    changed = {
        name for name in ChatRequest.__dataclass_fields__ if getattr(wanted, name) != getattr(plain(), name)
    }
    return any(getattr(parsed, name) != getattr(unchanged, name) for name in changed)


def _fate(asked: ChatRequest, client: str, upstream: str, model: str) -> str:
    try:
        rendered = DIALECTS[upstream].render_request(asked, target(upstream, model))
    except RequestError:
        return "refused"
    return _weight(_losses_of_feature(rendered, client, upstream, model))


def _losses_of_feature(rendered: RenderedRequest, client: str, upstream: str, model: str) -> list[Loss]:
    """The losses that the plain request does not have."""
    usual = DIALECTS[upstream].render_request(replace(plain(), source=client), target(upstream, model)).losses
    return [loss for loss in rendered.losses if loss not in usual]


def _weight(losses: list[Loss]) -> str:
    kinds = {loss.kind for loss in losses}
    if LossKind.CHANGE in kinds:
        return "changed"
    if LossKind.PARAMETER in kinds:
        return "dropped"
    return "hint lost" if kinds else "kept"


if __name__ == "__main__":
    print(page(), end="")
