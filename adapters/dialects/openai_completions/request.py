"""Requests: wire → canonical (platform.openai.com/docs/api-reference/completions, 2026-11).

A prompt is one message of the user. The other members are those of Chat Completions and are read as these; where
the two differ: `logprobs` is a number, and nothing but `max_tokens` limits the answer, so that an absent one (16
tokens there) leaves it to the model. `suffix` and `best_of` have no counterpart: they are named as losses.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.dialects.openai_completions.vocabulary import NAME, Chat
from domain.chat.request import ChatRequest
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.json_types import JSON

_ECHO: Final = "echo"
_OWN: Final = frozenset({"prompt", "logprobs", "suffix", "best_of", _ECHO})


def parse_request(body: Mapping[str, JSON], chat: Chat) -> ChatRequest:
    """A request.

    Raises MalformedRequest with the path of what is wrong, UnsupportedFeature for several prompts and for token
    ids, which a conversation cannot hold.
    """
    members = {name: value for name, value in body.items() if name not in _OWN}
    members["messages"] = [{"role": "user", "content": prompt_text(body)}]
    logprobs = _integer(body, "logprobs")
    if logprobs is not None:
        members |= {"logprobs": True, "top_logprobs": logprobs}
    request = chat.parse_request(members)
    own = _without_counterpart(body, candidates=request.candidates)
    return replace(request, source=NAME, ext={**request.ext, NAME: own} if own else request.ext)


def prompt_text(body: Mapping[str, JSON]) -> str:
    """The one text that is to be completed. Raises as `parse_request`."""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list) or not prompt:
        raise MalformedRequest("prompt: expected a text or a list with one text.", param="prompt")
    several = all(isinstance(one, str) for one in prompt)
    got = "several prompts" if several else "token ids"
    cure = "Ask for each prompt by itself" if several else "Send the text itself"
    raise UnsupportedFeature(
        f"prompt: expected one text, got {got}; the model is reached by chat. {cure}, or ask for a model whose "
        "upstream has completions.",
        param="prompt",
    )


def wants_echo(body: Mapping[str, JSON]) -> bool:
    """Whether the answer is to begin with the prompt. Raises MalformedRequest."""
    echo = body.get(_ECHO)
    if echo is None or isinstance(echo, bool):
        return bool(echo)
    raise MalformedRequest("echo: expected true or false.", param=_ECHO)


def place(where: str) -> str:
    """A pointer in the names of Chat Completions in those of this format."""
    if where.startswith("/messages"):
        return "/prompt"
    return _PLACES.get(where, where)


_PLACES: Final = {"/max_completion_tokens": "/max_tokens", "/top_logprobs": "/logprobs"}


def _without_counterpart(body: Mapping[str, JSON], *, candidates: int) -> dict[str, JSON]:
    """Members that ask for what no chat can do."""
    wants_echo(body)
    best_of, suffix = _integer(body, "best_of"), body.get("suffix")
    if suffix is not None and not isinstance(suffix, str):
        raise MalformedRequest("suffix: expected a text.", param="suffix")
    own: dict[str, JSON] = {"suffix": suffix} if suffix else {}
    return own if best_of is None or best_of <= candidates else {**own, "best_of": best_of}


def _integer(body: Mapping[str, JSON], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedRequest(f"{name}: expected a number, none below zero.", param=name)
    return value
