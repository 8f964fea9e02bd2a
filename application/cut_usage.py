"""What an answer consumed that was cut before its upstream could tell."""

from dataclasses import replace

from domain.chat import events as ev
from domain.chat.content import Family
from domain.chat.events import StreamEvent
from domain.chat.request import ChatRequest
from domain.chat.usage import Usage
from domain.models.token_estimate import estimate_text, estimate_tokens


class CutUsage:
    """Listens to an answer and tells, where it is cut, what was consumed: as reported, else as estimated.

    `family` and `model` tell whose vocabulary counts. Of an answer that passes through unread no more is known
    than that something was said: it counts one token, unless its events are decoded for this.
    """

    __slots__ = ("_family", "_model", "_reported", "_said", "_thought", "_unread")

    def __init__(self, family: Family, model: str) -> None:
        self._family = family
        self._model = model
        self._said: list[str] = []
        self._thought: list[str] = []
        self._unread = False
        self._reported: Usage | None = None

    def feed(self, event: StreamEvent) -> None:
        """Take note of what `event` says."""
        match event:
            case ev.TextDelta(text=text) | ev.RefusalDelta(text=text):
                self._said.append(text)
            case ev.ReasoningDelta(text=text):
                self._thought.append(text)
            case ev.ToolArgumentsDelta(fragment=fragment):
                self._said.append(fragment)
            case ev.BlockStarted(name=str(name)):
                self._said.append(name)
            case ev.ContentSeen():
                self._unread = True
            case ev.UsageReported(usage):
                self._reported = usage
            case _:
                pass

    def usage(self, request: ChatRequest | None = None) -> Usage:
        """What was consumed so far.

        Reported counts stand; those that are missing, or smaller than what was said since, are estimated: the
        prompt's from `request`, where one is given.
        """
        reported = self._reported or Usage()
        thought = self._estimate(self._thought)
        completion = max(self._estimate(self._said) + thought, reported.completion_tokens or 0, int(self._unread))
        prompt = reported.prompt_tokens
        if prompt is None and request is not None:
            prompt = estimate_tokens(replace(request, model=self._model), self._family)
        reasoning = max(thought, reported.reasoning_tokens or 0)
        return replace(
            reported, prompt_tokens=prompt, completion_tokens=completion, reasoning_tokens=reasoning or None
        )

    def _estimate(self, texts: list[str]) -> int:
        return estimate_text("".join(texts), self._family, self._model)
