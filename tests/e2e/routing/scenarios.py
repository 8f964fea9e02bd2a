"""What goes wrong, and how each of it has to end.

An ending is told for the three shapes of a fleet, in this order: the failing deployment alone, beside a healthy
second one, and before a healthy fallback group. The words are those of the page of outcomes.
"""

from dataclasses import KW_ONLY, dataclass, replace
from typing import TypeAlias

from tests.e2e.routing import speech
from tests.e2e.routing.formats import Refusal
from tests.e2e.routing.speech import Fault

LIMIT_S, SHORT_LIMIT_S = 8.0, 1.6
"""The caller's own limit: longer, and shorter, than the gateway's for an answer's first byte."""
SHAPES = ("alone", "with a second", "with a fallback")

Ending: TypeAlias = tuple[str, str, str]
"""How a scenario ends, by shape."""

FINE: Ending = ("answered; 1", "answered; 1 + 0", "answered; 1 + 0")
LATER: Ending = ("answered; 2", "answered by the second; 1 + 1", "answered; 2 + 0")
"""Trying again helps, and is tried at once where there is a second."""


def retried(error: str) -> Ending:
    """It fails whenever it is tried."""
    return f"{error}; 3", "answered by the second; 1 + 1", "answered by the fallback; 3 + 1"


def elsewhere(error: str) -> Ending:
    """The same deployment is not tried again."""
    return f"{error}; 1", "answered by the second; 1 + 1", "answered by the fallback; 1 + 1"


def refused(error: str) -> Ending:
    """Others of the group would refuse it too; another model may not."""
    return f"{error}; 1", f"{error}; 1 + 0", "answered by the fallback; 1 + 1"


def final(error: str) -> Ending:
    """Nobody else is asked."""
    return f"{error}; 1", f"{error}; 1 + 0", f"{error}; 1 + 0"


def midway(error: str, tokens: int) -> Ending:
    """It fails after words went out."""
    return final(f"`{error}` after {tokens} tokens")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to misbehave; what ends otherwise streamed than buffered is two of them, of one name.

    fault:     what the first deployment does; None = nobody listens at its address.
    modes:     whether it is asked for a stream, for a whole answer, or for either.
    fallbacks: the setting that names the fallback group.
    limit_s:   the caller's own limit.
    prefill:   the request ends with the beginning of an answer.
    formats:   of the upstreams that can misbehave so.
    """

    name: str
    fault: Fault | None
    ending: Ending
    _: KW_ONLY
    modes: tuple[bool, ...] = (True, False)
    fallbacks: str = "fallbacks"
    limit_s: float = LIMIT_S
    prefill: bool = False
    formats: tuple[str, ...] = ("chat", "responses", "messages", "gemini")


_STREAMED, _BUFFERED = (True,), (False,)
_NOT_GEMINI, _NOT_RESPONSES = ("chat", "responses", "messages"), ("chat", "messages", "gemini")
"""Gemini tells in an answer what it filtered; a response that is still in progress is a good one."""

_TIMEOUT, _LIMIT = "504 `provider_timeout`", "504 `caller_timeout`"
_TRUNCATED, _GARBLED = "502 `provider_truncated`", "502 `provider_bad_gateway`"
_OVERFLOW, _FILTERED = "400 `caller_context_length`", "400 `policy_content_policy`"

_IMPATIENT = "never answers, caller's limit before the gateway's"
_CUT, _STALLS = "cut at 40 of 60 tokens", "falls silent at 40 of 60 tokens"
_BAD_FRAME, _ERROR = "a frame that is no JSON, after 40 tokens", "an error after 40 tokens"
_UNFINISHED = "ends without a finish"

SCENARIOS = (
    Scenario("answers as it should", speech.good, FINE),
    Scenario("429, `Retry-After` of 0.2 s", speech.limited_once, LATER),
    Scenario(
        "429, `Retry-After` of 120 s",
        speech.refusing(Refusal.RATE, "retry-after: 120"),
        elsewhere("429 `provider_rate_limit`"),
    ),
    Scenario("500", speech.refusing(Refusal.BROKEN), retried("500 `provider_server`")),
    Scenario("503", speech.refusing(Refusal.AWAY), retried("503 `provider_unavailable`")),
    Scenario("connection refused", None, retried("503 `provider_unavailable`")),
    Scenario("connection reset", speech.resetting, retried("503 `provider_unavailable`")),
    Scenario("never answers", speech.silent, elsewhere(_TIMEOUT)),
    Scenario(_IMPATIENT, speech.silent, elsewhere(_LIMIT), modes=_STREAMED, limit_s=SHORT_LIMIT_S),
    Scenario(_IMPATIENT, speech.silent, final(_LIMIT), modes=_BUFFERED, limit_s=SHORT_LIMIT_S),
    Scenario("answers late", speech.slow, elsewhere("answered"), modes=_STREAMED),
    Scenario("answers late", speech.slow, FINE, modes=_BUFFERED),
    Scenario(_CUT, speech.cut, midway("provider_truncated", 40), modes=_STREAMED),
    Scenario(_CUT, speech.cut, retried(_TRUNCATED), modes=_BUFFERED),
    Scenario(_STALLS, speech.stalling, midway("provider_timeout", 40), modes=_STREAMED),
    Scenario(_STALLS, speech.stalling, elsewhere(_TIMEOUT), modes=_BUFFERED),
    Scenario("a frame that is no JSON, first", speech.bad_frame_first, retried(_GARBLED)),
    Scenario(_BAD_FRAME, speech.bad_frame_midway, midway("provider_bad_gateway", 40), modes=_STREAMED),
    Scenario("no `[DONE]` after the finish", speech.without_done, FINE, modes=_STREAMED, formats=("chat",)),
    Scenario("context overflow", speech.refusing(Refusal.CONTEXT), refused(_OVERFLOW)),
    Scenario(
        "context overflow, `context_window_fallbacks`",
        speech.refusing(Refusal.CONTEXT),
        refused(_OVERFLOW),
        fallbacks="context_window_fallbacks",
    ),
    Scenario("content filter", speech.refusing(Refusal.FILTER), final(_FILTERED), formats=_NOT_GEMINI),
    Scenario(
        "content filter, `content_policy_fallbacks`",
        speech.refusing(Refusal.FILTER),
        refused(_FILTERED),
        fallbacks="content_policy_fallbacks",
        formats=_NOT_GEMINI,
    ),
    Scenario(
        "content filter, told in an answer (Gemini)", speech.refusing(Refusal.FILTER), FINE, formats=("gemini",)
    ),
    Scenario("every other call fails", speech.flapping, LATER),
    Scenario(
        "prefill rejected", speech.refusing(Refusal.PREFILL), refused("400 `caller_invalid_request`"), prefill=True
    ),
    Scenario("200, then an error", speech.error_at_once, retried("500 `provider_server`")),
    Scenario(_ERROR, speech.error_midway, midway("provider_server", 40), modes=_STREAMED),
    Scenario("ends without a word", speech.nothing, retried(_TRUNCATED), modes=_STREAMED),
    Scenario("ends without a word", speech.nothing, retried(_GARBLED), modes=_BUFFERED),
    Scenario(_UNFINISHED, speech.unfinished, midway("provider_truncated", 60), modes=_STREAMED),
    Scenario(_UNFINISHED, speech.unfinished, retried(_TRUNCATED), modes=_BUFFERED, formats=_NOT_RESPONSES),
    Scenario("an empty answer, properly finished", speech.empty, FINE),
)

_HELD = {
    _CUT: retried(_TRUNCATED),
    _STALLS: elsewhere(_TIMEOUT),
    _BAD_FRAME: retried(_GARBLED),
    _ERROR: retried("500 `provider_server`"),
    _UNFINISHED: retried(_TRUNCATED),
}
GUARDED = tuple(
    replace(scenario, ending=_HELD[scenario.name])
    for scenario in SCENARIOS
    if scenario.name in _HELD and scenario.modes == _STREAMED
)
"""Failures midway, where whole streams are held back."""

LENIENT = (
    Scenario("a frame that is no JSON, first", speech.bad_frame_first, FINE, modes=_STREAMED),
    Scenario(_BAD_FRAME, speech.bad_frame_midway, FINE, modes=_STREAMED),
)
"""Bad frames, where they are skipped."""
