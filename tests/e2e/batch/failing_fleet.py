"""Upstreams of four formats that fail one call in ten, each time in another way, and remember every call."""

import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from tests.e2e.canned.contents import Asked
from tests.e2e.routing.formats import FORMATS, Refusal
from tests.e2e.routing.speech import Speech
from tests.e2e.scripted_upstream import Act, Close, Reset, Script, ScriptedUpstream, Send, Silence, Wait

FAILING_SHARE = 0.1
FIRST_BYTE_S = 1.0
"""How long the gateway waits for an upstream that is silent."""

_KEYS = ("authorization", "x-api-key", "x-goog-api-key")
_VECTOR = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -1.5, 3.0]}],
    "usage": {"prompt_tokens": 7, "total_tokens": 7},
}
_GROUPS = (
    ("talk", "chat", "talk-a"),
    ("talk", "messages", "talk-b"),
    ("think", "messages", "think-a"),
    ("think", "gemini", "think-b"),
    ("reply", "responses", "reply-a"),
    ("reply", "responses", "reply-b"),
    ("embed", "embeddings", "embed-a"),
    ("embed", "embeddings", "embed-b"),
)
_PREFIXES = {
    "chat": "hosted_vllm",
    "responses": "openai/responses",
    "messages": "anthropic",
    "gemini": "gemini",
    "embeddings": "hosted_vllm",
}

Answer: TypeAlias = Callable[[], Sequence[Act]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that an upstream saw: from which run, for which request, and whether it was answered well."""

    run: str
    custom_id: str
    good: bool


class FailingFleet:
    """Gives `upstream` its scripts. `calls`: all it saw, in order; a good answer takes `pause_s`."""

    def __init__(self, upstream: ScriptedUpstream, *, share: float = FAILING_SHARE, seed: int = 7) -> None:
        self.calls: list[Call] = []
        self.pause_s = 0.0
        self._upstream = upstream
        self._share = share
        self._random = Random(seed)
        self._more = threading.Condition()
        for _, form, model in _GROUPS:
            upstream.scripts[model] = self._script(form)

    def configuration(self, **settings: Any) -> str:
        """The gateway's, whose keys tell the runs apart: the variable `RUN` names each."""
        return json.dumps(
            {
                "model_list": [self._deployment(*group) for group in _GROUPS],
                "router_settings": {"num_retries": 2, "cooldown_time": 0.2},
                "feathergate": {"limits": {"first_byte_timeout_s": FIRST_BYTE_S, "idle_timeout_s": FIRST_BYTE_S}},
                **settings,
            }
        )

    def wait_for(self, calls: int, timeout_s: float) -> bool:
        """Wait until so many calls came in all."""
        with self._more:
            return self._more.wait_for(lambda: len(self.calls) >= calls, timeout_s)

    def _deployment(self, group: str, form: str, model: str) -> dict[str, Any]:
        base = self._upstream.base
        about: dict[str, Any] = {"id": model, "supports_reasoning": False}
        if form == "chat":
            about["dialects"] = ["openai_chat"]
        return {
            "model_name": group,
            "litellm_params": {
                "model": f"{_PREFIXES[form]}/{model}",
                "api_base": base if form in ("messages", "gemini") else f"{base}/v1",
                "api_key": "${RUN}",
                "input_cost_per_token": 1e-6,
                "output_cost_per_token": 1e-5,
            },
            "model_info": about,
        }

    def _script(self, form: str) -> Script:
        good, failures = _manners(form)

        def play(asked: Asked, _: int) -> Sequence[Act]:
            fails = self._random.random() < self._share
            found = re.search(r"request-\d+", json.dumps(asked.body))
            with self._more:
                self.calls.append(Call(_run_of(asked), found[0] if found else "", not fails))
                self._more.notify_all()
            if fails:
                return self._random.choice(failures)()
            return (Wait(self.pause_s), *good()) if self.pause_s else good()

        return play


def _run_of(asked: Asked) -> str:
    key = next(asked.headers[name] for name in _KEYS if name in asked.headers)
    return key.removeprefix("Bearer ")


def _manners(form: str) -> tuple[Answer, tuple[Answer, ...]]:
    """How an upstream of this format answers well, and the ways in which it fails."""
    speech = Speech(FORMATS["chat" if form == "embeddings" else form], stream=False, keeps_alive=True)
    good = speech.good
    if form == "embeddings":
        body = json.dumps(_VECTOR).encode()
        head = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)

        def good() -> list[Act]:
            return [Send(head + body)]

    def begun() -> list[Act]:
        whole = b"".join(act.payload for act in good() if isinstance(act, Send))
        return [Send(whole[: len(whole) * 2 // 3])]

    return good, (
        lambda: speech.refused(Refusal.RATE, "retry-after-ms: 100"),
        lambda: speech.refused(Refusal.RATE),
        lambda: speech.refused(Refusal.BROKEN),
        lambda: speech.refused(Refusal.AWAY),
        lambda: [*begun(), Close()],
        lambda: [*begun(), Silence()],
        lambda: [Silence()],
        lambda: [Reset()],
        lambda: [Close()],
        lambda: speech.instead(b"", b'{"id": oops'),
    )
