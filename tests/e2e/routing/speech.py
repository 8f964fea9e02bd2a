"""What an upstream does on the wire, as scripts: good answers, and each of the ways to fail."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.e2e.routing.formats import STATUSES, TOKENS, Format, Refusal, word, words
from tests.e2e.scripted_upstream import Act, Close, Reset, Send, Silence, Wait

CUT_AFTER = 40
IDLE_S, FIRST_EVENT_S, FIRST_BYTE_S = 1.2, 1.0, 2.2
"""The gateway's limits in the scenarios: for a gap in an answer, a stream's first sign of life, a whole answer's."""
SLOW_S = 1.5
"""How long the slow upstream takes: longer than a stream's first sign of life may, shorter than an answer's."""

Fault: TypeAlias = Callable[["Speech", int], Sequence[Act]]
"""What an upstream does at its n-th call, counted from 0."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One vendor's words, in a stream or in one piece. Every answer ends its connection, or else none does."""

    form: Format
    stream: bool
    keeps_alive: bool = False

    def good(self) -> list[Act]:
        """The whole answer."""
        if not self.stream:
            return self._piece(200, self.form.whole(words(TOKENS), True))
        return [
            *self._tokens(TOKENS),
            *self._frames(self.form.ending(words(TOKENS)) + self.form.done),
            *self._ended(),
        ]

    def refused(self, refusal: Refusal, *headers: str) -> list[Act]:
        """Its words of refusal, with the status that belongs to them."""
        body = self.form.refused(refusal)
        return self._piece(STATUSES[refusal] if "error" in body else 200, body, *headers)

    def begun(self) -> list[Act]:
        """The first two thirds of the answer."""
        if self.stream:
            return self._tokens(CUT_AFTER)
        whole = b"".join(act.payload for act in self.good() if isinstance(act, Send))
        return [Send(whole[: len(whole) * 2 // 3])]

    def then(self, frame: bytes) -> list[Act]:
        """The first two thirds of the stream, and another frame."""
        return [*self._tokens(CUT_AFTER), *self._frames(frame), *self._ended()]

    def around(self, frame: bytes, after: int) -> list[Act]:
        """A good stream, but for this frame after so many tokens."""
        rest = b"".join(self.form.token(word(place)) for place in range(after, TOKENS))
        ending = self.form.ending(words(TOKENS)) + self.form.done
        return [*self._tokens(after), *self._frames(frame + rest + ending), *self._ended()]

    def instead(self, frame: bytes, body: bytes) -> list[Act]:
        """A stream of nothing but this frame after its opening, or this body in one piece."""
        if self.stream:
            return [*self._tokens(0), *self._frames(frame), *self._ended()]
        return self._bytes(200, body)

    def unfinished(self) -> list[Act]:
        """Every token, and what may follow the finish, but no finish."""
        if not self.stream:
            return self._piece(200, self.form.whole(words(TOKENS), False))
        return [*self._tokens(TOKENS), *self._frames(self.form.done), *self._ended()]

    def empty(self) -> list[Act]:
        """An answer without a word, properly finished."""
        if not self.stream:
            return self._piece(200, self.form.whole("", True))
        return [*self._tokens(0), *self._frames(self.form.ending("") + self.form.done), *self._ended()]

    def without_done(self) -> list[Act]:
        """The finish, but not what should follow it."""
        return [*self._tokens(TOKENS), *self._frames(self.form.ending(words(TOKENS))), *self._ended()]

    def paced(self, pause_s: float) -> list[Act]:
        """The whole answer, with a pause before it, or after its first third where it streams."""
        if not self.stream:
            return [Wait(pause_s), *self.good()]
        rest = b"".join(self.form.token(word(place)) for place in range(TOKENS // 3, TOKENS))
        ending = self.form.ending(words(TOKENS)) + self.form.done
        return [*self._tokens(TOKENS // 3), Wait(pause_s), *self._frames(rest + ending), *self._ended()]

    def _tokens(self, count: int) -> list[Act]:
        frames = self.form.opening + b"".join(self.form.token(word(place)) for place in range(count))
        return [Send(self._head(200, "text/event-stream", "transfer-encoding: chunked")), *self._frames(frames)]

    def _frames(self, frames: bytes) -> list[Act]:
        return [Send(b"%x\r\n%b\r\n" % (len(frames), frames))] if frames else []

    def _piece(self, status: int, body: dict[str, Any], *headers: str) -> list[Act]:
        return self._bytes(status, json.dumps(body).encode(), *headers)

    def _bytes(self, status: int, body: bytes, *headers: str) -> list[Act]:
        head = self._head(status, "application/json", f"content-length: {len(body)}", *headers)
        return [Send(head + body), *self._closed()]

    def _head(self, status: int, content_type: str, *headers: str) -> bytes:
        connection = "keep-alive" if self.keeps_alive else "close"
        first = f"HTTP/1.1 {status} X", f"content-type: {content_type}", f"connection: {connection}"
        return "\r\n".join((*first, *headers, "", "")).encode()

    def _ended(self) -> list[Act]:
        """The end of a stream."""
        return [Send(b"0\r\n\r\n"), *self._closed()]

    def _closed(self) -> list[Act]:
        return [] if self.keeps_alive else [Close()]


BAD_FRAME = b'data: {"id": oops\n\n'


def good(speech: Speech, _: int) -> Sequence[Act]:
    return speech.good()


def refusing(refusal: Refusal, *headers: str) -> Fault:
    return lambda speech, _: speech.refused(refusal, *headers)


def limited_once(speech: Speech, call: int) -> Sequence[Act]:
    """Too many requests at first; they are asked to wait for a moment."""
    return speech.good() if call else speech.refused(Refusal.RATE, "retry-after-ms: 200")


def flapping(speech: Speech, call: int) -> Sequence[Act]:
    return speech.good() if call % 2 else speech.refused(Refusal.BROKEN)


def resetting(_: Speech, __: int) -> Sequence[Act]:
    return (Reset(),)


def silent(_: Speech, __: int) -> Sequence[Act]:
    return (Silence(),)


def slow(speech: Speech, _: int) -> Sequence[Act]:
    return (Wait(SLOW_S), *speech.good())


def cut(speech: Speech, _: int) -> Sequence[Act]:
    return (*speech.begun(), Close())


def stalling(speech: Speech, _: int) -> Sequence[Act]:
    return (*speech.begun(), Silence())


def bad_frame_first(speech: Speech, _: int) -> Sequence[Act]:
    return speech.around(BAD_FRAME, 0) if speech.stream else speech.instead(b"", b"<html>oops</html>")


def bad_frame_midway(speech: Speech, _: int) -> Sequence[Act]:
    return speech.around(BAD_FRAME, CUT_AFTER)


def error_at_once(speech: Speech, _: int) -> Sequence[Act]:
    return speech.instead(speech.form.broken, json.dumps(speech.form.refused(Refusal.BROKEN)).encode())


def error_midway(speech: Speech, _: int) -> Sequence[Act]:
    return speech.then(speech.form.broken)


def nothing(speech: Speech, _: int) -> Sequence[Act]:
    return speech.instead(b"", b"")


def unfinished(speech: Speech, _: int) -> Sequence[Act]:
    return speech.unfinished()


def empty(speech: Speech, _: int) -> Sequence[Act]:
    return speech.empty()


def without_done(speech: Speech, _: int) -> Sequence[Act]:
    return speech.without_done()
