"""What an answer consumed whose upstream could not tell, or did not."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from domain.chat import events as ev
from domain.chat.content import Family
from domain.chat.events import StreamEvent
from domain.chat.request import ChatRequest
from domain.chat.usage import Usage
from domain.models.token_estimate import estimate_text, estimate_tokens

ReadSample: TypeAlias = Callable[[bytes], Iterable[StreamEvent]]
"""The beginning of an answer that passed unread → what it says, as far as that can be made out."""

SAMPLE_BYTES: Final = 16 * 1024
"""So much of an answer that passes unread is kept, give or take a chunk; the rest is taken to be like it."""
_MAX_FRAGMENTS: Final = 256
"""So many fragments of text are joined."""


class CutUsage:
    """Listens to an answer and tells, where it is cut, what was consumed: as reported, else as estimated.

    `family` and `model` tell whose vocabulary counts. Of what passes unread a sample is kept, and read when the
    estimate is asked for; what nobody can read counts one token. Listening takes a fraction of a microsecond.
    """

    __slots__ = (
        "_ended",
        "_family",
        "_model",
        "_passed_bytes",
        "_reported",
        "_said",
        "_sample",
        "_thought",
        "_unread",
    )

    def __init__(self, family: Family, model: str) -> None:
        self._family = family
        self._model = model
        self._said = _Text()
        self._thought = _Text()
        self._sample: list[bytes] = []
        self._passed_bytes = 0
        self._unread = self._ended = False
        self._reported: Usage | None = None

    def feed(self, event: StreamEvent) -> None:
        """Take note of what `event` says."""
        match event:
            case ev.TextDelta(text=text) | ev.RefusalDelta(text=text):
                self._said.add(text)
            case ev.ContentSeen():
                self._unread = True
            case ev.ReasoningDelta(text=text):
                self._thought.add(text)
            case ev.ToolArgumentsDelta(fragment=fragment):
                self._said.add(fragment)
            case ev.BlockStarted(name=str(name)):
                self._said.add(name)
            case ev.UsageReported(usage):
                self._reported = usage
            case ev.Ended():
                self._ended = True
            case _:
                pass

    def passed(self, raw: bytes) -> None:
        """Take note of bytes that pass as they are."""
        if self._passed_bytes < SAMPLE_BYTES:
            self._sample.append(raw)
        self._passed_bytes += len(raw)

    def usage(self, request: ChatRequest | None = None, read: ReadSample | None = None) -> Usage:
        """What was consumed so far.

        Reported counts stand; those that are missing, or of an answer that was cut smaller than what was said
        since, are estimated: the prompt's from `request`, the answer's from its events and what `read` makes of
        its bytes, where these are given.
        """
        reported = self._reported or Usage()
        prompt, completion = reported.prompt_tokens, reported.completion_tokens
        thought = 0
        if completion is None or not self._ended:
            said, thought = self._estimated(read)
            completion = max(said + thought, completion or 0, int(self._unread))
        if prompt is None and request is not None:
            prompt = estimate_tokens(replace(request, model=self._model), self._family)
        reasoning = max(thought, reported.reasoning_tokens or 0)
        return replace(
            reported, prompt_tokens=prompt, completion_tokens=completion, reasoning_tokens=reasoning or None
        )

    def _estimated(self, read: ReadSample | None) -> tuple[int, int]:
        """The tokens said and those thought."""
        said, thought = self._estimate(self._said), self._estimate(self._thought)
        sample = b"".join(self._sample)
        if read is None or not sample:
            return said, thought
        inside = CutUsage(self._family, self._model)
        for event in read(sample):
            inside.feed(event)
        share = self._passed_bytes / len(sample)
        return (
            said + round(inside._estimate(inside._said) * share),
            thought + round(inside._estimate(inside._thought) * share),
        )

    def _estimate(self, text: "_Text") -> int:
        return estimate_text(text.whole(), self._family, self._model)


class _Text:
    """A text that comes in fragments: many small strings take ten times the memory of what they say."""

    __slots__ = ("_fragments", "_joined")

    def __init__(self) -> None:
        self._fragments: list[str] = []
        self._joined: list[str] = []

    def add(self, fragment: str) -> None:
        self._fragments.append(fragment)
        if len(self._fragments) >= _MAX_FRAGMENTS:
            self._joined.append("".join(self._fragments))
            self._fragments.clear()

    def whole(self) -> str:
        return "".join((*self._joined, *self._fragments))
