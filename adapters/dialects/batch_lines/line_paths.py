"""Which route answers a line: by the url it names, or by what its body looks like."""

import re
from typing import Final

from adapters.dialects.envelope import Envelope

CHAT: Final = "/v1/chat/completions"
RESPONSES: Final = "/v1/responses"
MESSAGES: Final = "/v1/messages"

_PATHS: Final = (CHAT, RESPONSES, "/v1/embeddings", "/v1/completions", MESSAGES)
_GEMINI: Final = re.compile(r"/(?:v1beta|v1alpha|v1)/models/(?P<model>.+):generateContent")

BY_URL: Final = {**{path: path for path in _PATHS}, **{path.removeprefix("/v1"): path for path in _PATHS}}
"""Azure's batches leave the version out."""

BY_DIALECT: Final = {"openai_chat": CHAT, "openai_responses": RESPONSES, "anthropic_messages": MESSAGES}
"""The path of a bare body; Gemini's names the model besides."""

GEMINI: Final = "gemini"
DIALECTS: Final = ("auto", *BY_DIALECT, GEMINI)
"""What a bare body may be said to be written in."""

KNOWN_URLS: Final = ", ".join((*_PATHS, "/v1beta/models/{model}:generateContent"))


def path_of_url(url: str) -> str | None:
    """The path of the route that `url` means; None where there is none."""
    return BY_URL.get(url) or (url if _GEMINI.fullmatch(url) else None)


def gemini_path(model: str) -> str:
    """Where Gemini's `model` is asked; `models/` before its name is Gemini's own way to write it."""
    return f"/v1beta/models/{model.removeprefix('models/')}:generateContent"


def model_of_path(path: str) -> str | None:
    """The model that the path names; None where the body does."""
    if path in BY_URL:
        return None
    found = _GEMINI.fullmatch(path)
    return None if found is None else found["model"]


def dialect_of(body: Envelope) -> str | None:
    """The dialect that a bare body is written in, by its members; None where they do not tell.

    Anthropic's bodies look like those of Chat Completions: they are told apart by whoever has them, not guessed.
    """
    if "messages" in body:
        return "openai_chat"
    if "input" in body:
        return "openai_responses"
    return GEMINI if "contents" in body else None
