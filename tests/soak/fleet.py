"""The vendors of the soak: what each model does on the wire, in all four formats, and the gateway's configuration."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any, TypeAlias

from tests.e2e.canned import beside_chat
from tests.e2e.canned.contents import Asked, Canned
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.routing import speech
from tests.e2e.routing.formats import FORMATS, TOKENS, Refusal, word, words
from tests.e2e.routing.speech import Speech
from tests.e2e.scripted_upstream import Act, Script, ScriptedUpstream, Send

GOOD, UNSTEADY, LONG = "good", "unsteady", "long"
"""A group of two good deployments, one of a good and a flapping deployment, one whose streams are long."""
SILENT, STALLING, EMBEDDING = "silent", "stalling", "embedding"
RATE, BROKEN, AWAY, RESETTING, CUT = "rate", "broken", "away", "resetting", "cut"
GARBLED, GARBLED_MIDWAY, FAILING_MIDWAY, UNFINISHED = "garbled", "garbled-midway", "failing-midway", "unfinished"

LONG_TOKENS = 3_000
_REPEATS = LONG_TOKENS // TOKENS
MAX_BODY_MB = 4
PAUSE_S = 0.02
_CLOSES_EVERY = 5
"""Each so many answers a vendor ends the connection with its answer."""

Behaviour: TypeAlias = Callable[[Speech, int], Sequence[Act]]

_PREFIXES = {"chat": "hosted_vllm", "responses": "openai/responses", "messages": "anthropic", "gemini": "gemini"}
_VERSIONED = ("chat", "responses")
_BESIDE_CHAT: tuple[tuple[str, Callable[[Asked], Canned]], ...] = (
    ("/messages/count_tokens", lambda _: beside_chat.counted("input_tokens")),
    ("/input_tokens", lambda _: beside_chat.counted("input_tokens")),
    (":countTokens", lambda _: beside_chat.counted("totalTokens")),
    (":batchEmbedContents", beside_chat.gemini_embeddings),
    ("/embeddings", beside_chat.embeddings),
)


def _paced(speech_: Speech, call: int) -> Sequence[Act]:
    return speech_.paced(PAUSE_S) if call % 2 else speech_.good()


def _long(speech_: Speech, _: int) -> Sequence[Act]:
    """A stream of many chunks, each of them a good answer's tokens."""
    head, *rest = good = speech_.good()
    if not speech_.stream:
        return good
    form = speech_.form
    tokens = b"".join(form.token(word(place)) for place in range(TOKENS))
    ending = form.ending(words(TOKENS) * _REPEATS) + form.done
    pieces = (form.opening + tokens, *(tokens,) * (_REPEATS - 1), ending)
    return [head, *(Send(b"%x\r\n%b\r\n" % (len(piece), piece)) for piece in pieces), *rest[2:]]


BEHAVIOURS: Mapping[str, Behaviour] = {
    GOOD: _paced,
    f"{UNSTEADY}-flapping": speech.flapping,
    LONG: _long,
    SILENT: speech.silent,
    STALLING: speech.stalling,
    EMBEDDING: speech.good,
    RATE: speech.refusing(Refusal.RATE),
    BROKEN: speech.refusing(Refusal.BROKEN),
    AWAY: speech.refusing(Refusal.AWAY),
    RESETTING: speech.resetting,
    CUT: speech.cut,
    GARBLED: speech.bad_frame_first,
    GARBLED_MIDWAY: speech.bad_frame_midway,
    FAILING_MIDWAY: speech.error_midway,
    UNFINISHED: speech.unfinished,
}


def group(behaviour: str, upstream: str) -> str:
    """The name by which clients ask for a model that does this in the format of `upstream`."""
    return f"{behaviour}-{upstream}"


def rehearse(upstream: ScriptedUpstream, behaviours: Mapping[str, Behaviour] = BEHAVIOURS) -> None:
    """Have an upstream know every model."""
    for name, behaviour in behaviours.items():
        for form in FORMATS:
            upstream.scripts[group(name, form)] = _script(behaviour, form)


def calls_by_behaviour(upstreams: Iterable[ScriptedUpstream]) -> Counter[str]:
    """How often the vendors were asked for each, in whatever format."""
    calls: Counter[str] = Counter()
    for upstream in upstreams:
        for model, count in upstream.calls.items():
            calls[model.rpartition("-")[0]] += count
    return calls


def _script(behaviour: Behaviour, form: str) -> Script:
    def play(asked: Asked, call: int) -> Sequence[Act]:
        for suffix, answer in _BESIDE_CHAT:
            if asked.path.endswith(suffix):
                return (_sent(answer(asked)),)
        stream = bool(asked.body.get("stream")) or "streamGenerateContent" in asked.path
        return behaviour(Speech(FORMATS[form], stream, keeps_alive=bool(call % _CLOSES_EVERY)), call)

    return play


def _sent(canned: Canned) -> Send:
    head = f"HTTP/1.1 {canned.status} X\r\ncontent-type: {canned.content_type}\r\n"
    return Send(f"{head}content-length: {len(canned.payload)}\r\n\r\n".encode() + canned.payload)


def configuration(bases: Sequence[str]) -> str:
    """Every model in every format, behind the upstreams at `bases` in turn; JSON is YAML."""
    homes, entries = cycle(bases), []
    for form in FORMATS:
        for name in BEHAVIOURS:
            alone = not name.startswith(UNSTEADY)
            model = group(name, form)
            asked_for = model if alone else group(UNSTEADY, form)
            entries.append(_deployment(asked_for, model, form, next(homes)))
        entries += (
            _deployment(group(name, form), group(GOOD, form), form, next(homes)) for name in (GOOD, UNSTEADY)
        )
    return json.dumps(
        {
            "model_list": entries,
            "router_settings": {"num_retries": 2},
            "general_settings": {"master_key": MASTER_KEY, "max_request_size_mb": MAX_BODY_MB},
        }
    )


def _deployment(name: str, model: str, form: str, base: str) -> dict[str, Any]:
    reached = {
        "model": f"{_PREFIXES[form]}/{model}",
        "api_base": f"{base}/v1" if form in _VERSIONED else base,
        "api_key": "sk-upstream-key",
    }
    about: dict[str, Any] = {"id": f"{name}-{model}-{base.rpartition(':')[2]}", "supports_reasoning": False}
    if form == "chat":
        about["dialects"] = ["openai_chat"]
    return {"model_name": name, "litellm_params": reached, "model_info": about}
