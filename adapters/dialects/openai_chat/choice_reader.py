"""The deltas of one choice → the events of one candidate."""

import base64
from itertools import count
from typing import Final, Literal

from adapters.dialects import media
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.call_reader import CallReader
from adapters.dialects.openai_chat.finish_reasons import parse_finish, truncated
from adapters.dialects.openai_chat.members import Members
from adapters.dialects.openai_chat.messages import take_google_signature
from adapters.dialects.openai_chat.reasoning_reader import ReasoningReader
from domain.chat.content import Citation, Inline, Url
from domain.chat.events import (
    BlockKind,
    BlockStarted,
    BlockStopped,
    Cited,
    Finished,
    LogprobsDelta,
    MediaAdded,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    TextSigned,
)
from domain.errors import MalformedResponse
from domain.json_types import JSON

_SAID: Final = frozenset({"role", "content", "refusal"})
_THOUGHT: Final = frozenset({"reasoning_content", "reasoning"})


class ChoiceReader:
    """What one choice said so far. The ending is held until the answer's end: some servers repeat it or go on."""

    def __init__(self, index: int, answer_id: str, rendered: RenderedRequest) -> None:
        self._index = index
        self._rendered = rendered
        self._open: tuple[BlockKind, int] | None = None
        self._numbers = count()
        self._finish: JSON = None
        self._refused = False
        self._said = 0  # code points of text in blocks that are closed
        self._saying = 0  # code points in the open text block
        self._calls = CallReader(index, answer_id, rendered, self._numbers)
        self._thoughts = ReasoningReader(index)
        self._audio: dict[str, list[str]] = {"data": [], "transcript": []}

    def read(self, choice: dict[str, JSON], events: list[StreamEvent]) -> None:
        """Append what one choice of a chunk, or a whole message, tells. Raises MalformedResponse."""
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta, events)
        logprobs = choice.get("logprobs")
        entries = (logprobs.get("content") or logprobs.get("refusal")) if isinstance(logprobs, dict) else None
        if isinstance(entries, list) and entries:
            events.append(LogprobsDelta(entries, self._index))
        self._finish = choice.get("finish_reason") or self._finish

    def end(self, events: list[StreamEvent]) -> None:
        """Close what is open and tell the ending. Raises MalformedResponse where there is none, or no good one."""
        if self._finish is None:
            raise truncated()
        finish = parse_finish(self._finish, called=self._calls.any, refused=self._refused)
        self._audio_block(events)
        self._close(events)
        events.extend(self._calls.end())
        events.append(Finished(finish, self._index))

    def _delta(self, delta: dict[str, JSON], events: list[StreamEvent]) -> None:
        # Most have a role or text at most; the rest is looked at only where there is more.
        more = delta.keys() - _SAID
        if more:
            self._reasoning(delta, events)
        content, refusal = delta.get("content"), delta.get("refusal")
        if isinstance(content, str):
            self._text(content, events)
        elif isinstance(content, list):
            self._content_list(content, events)
        if isinstance(refusal, str) and refusal:
            self._refused = True
            events.append(RefusalDelta(self._block(BlockKind.REFUSAL, events), refusal, self._index))
        if more - _THOUGHT:
            self._rarer(delta, events)

    def _rarer(self, delta: dict[str, JSON], events: list[StreamEvent]) -> None:
        self._signature(delta, events)
        self._annotations(delta.get("annotations"), events)
        self._images(delta.get("images"), events)
        self._hear(delta.get("audio"))
        calls, legacy = delta.get("tool_calls"), delta.get("function_call")
        if calls or legacy:
            self._close(events)
            events.extend(self._calls.read(calls, legacy))

    def _text(self, text: str, events: list[StreamEvent]) -> None:
        if text:
            block = self._block(BlockKind.TEXT, events)
            self._saying += len(text)
            events.append(TextDelta(block, text, self._index))

    def _content_list(self, parts: list[JSON], events: list[StreamEvent]) -> None:
        """Mistral's answers hold lists of text and thinking parts (docs.mistral.ai, 2026-11)."""
        for part in parts:
            if not isinstance(part, dict):
                continue
            if isinstance(part.get("text"), str):
                self._text(part["text"], events)
            thought = part.get("thinking")
            if isinstance(thought, list):
                texts = (piece.get("text") for piece in thought if isinstance(piece, dict))
                thought = "".join(text for text in texts if isinstance(text, str))
            if isinstance(thought, str):
                self._reasoning({"reasoning_content": thought}, events)

    def _reasoning(self, delta: dict[str, JSON], events: list[StreamEvent]) -> None:
        for thought in self._thoughts.read(delta):
            if thought.fresh:
                self._close(events)
            block = self._block(BlockKind.REASONING, events)
            events.extend(self._thoughts.events(block, thought))
            if thought.signature is not None:
                self._close(events)

    def _signature(self, delta: dict[str, JSON], events: list[StreamEvent]) -> None:
        if "extra_content" not in delta:
            return
        signature = take_google_signature(Members(delta, ""))
        if signature is not None:
            events.append(TextSigned(self._block(BlockKind.TEXT, events), signature, self._index))

    def _annotations(self, annotations: JSON, events: list[StreamEvent]) -> None:
        for annotation in annotations if isinstance(annotations, list) else ():
            cited = annotation.get("url_citation") if isinstance(annotation, dict) else None
            if isinstance(cited, dict):
                block = self._block(BlockKind.TEXT, events)
                events.append(Cited(block, _citation(cited, self._said), self._index))

    def _images(self, images: JSON, events: list[StreamEvent]) -> None:
        for image in images if isinstance(images, list) else ():
            address = image.get("image_url") if isinstance(image, dict) else None
            url = address.get("url") if isinstance(address, dict) else address
            if isinstance(url, str) and url:
                self._media(_picture(url), "image", events)

    def _hear(self, audio: JSON) -> None:
        if isinstance(audio, dict):
            for name, heard in self._audio.items():
                if isinstance(audio.get(name), str):
                    heard.append(audio[name])

    def _audio_block(self, events: list[StreamEvent]) -> None:
        transcript = "".join(self._audio["transcript"]) or None
        if not any(self._audio["data"]):
            self._text(transcript or "", events)
            return
        asked = self._rendered.body.get("audio")
        audio_format = asked.get("format", "wav") if isinstance(asked, dict) else "wav"
        sound = Inline(media_type=f"audio/{audio_format}", base64=_joined(self._audio["data"]))
        self._media(sound, "audio", events, transcript)

    def _media(
        self,
        source: Inline | Url,
        medium: Literal["image", "audio"],
        events: list[StreamEvent],
        transcript: str | None = None,
    ) -> None:
        self._close(events)
        block = next(self._numbers)
        events.append(BlockStarted(block, BlockKind.MEDIA, candidate=self._index))
        events.append(MediaAdded(block, source, medium, self._index, transcript))
        events.append(BlockStopped(block, self._index))

    def _block(self, kind: BlockKind, events: list[StreamEvent]) -> int:
        """The open block of `kind`; where another one is open it closes, and this one opens."""
        if self._open is not None and self._open[0] is kind:
            return self._open[1]
        self._close(events)
        block = next(self._numbers)
        self._open = (kind, block)
        events.append(BlockStarted(block, kind, candidate=self._index))
        return block

    def _close(self, events: list[StreamEvent]) -> None:
        if self._open is None:
            return
        kind, block = self._open
        self._open = None
        if kind is BlockKind.REASONING:
            self._thoughts.close()
        self._said, self._saying = self._said + self._saying, 0
        events.append(BlockStopped(block, self._index))


def _citation(cited: dict[str, JSON], said: int) -> Citation:
    """A cited address; its offsets count in the whole content, a Citation's in its own text."""

    def offset(name: str) -> int | None:
        value = cited.get(name)
        return max(0, value - said) if isinstance(value, int) else None

    url, title = cited.get("url"), cited.get("title")
    return Citation(
        kind="url",
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        start=offset("start_index"),
        end=offset("end_index"),
    )


def _picture(url: str) -> Inline | Url:
    try:
        return media.parse_data_url(url) or Url(url=url)
    except ValueError as refused:
        raise MalformedResponse(f"expected a picture the upstream encoded well; {refused}.") from None


def _joined(pieces: list[str]) -> str:
    """Sound that came in pieces, each encoded for itself."""
    try:
        standard = [media.standard_base64(piece) for piece in pieces]
    except ValueError as refused:
        raise MalformedResponse(f"expected sound the upstream encoded well; {refused}.") from None
    return base64.b64encode(b"".join(map(base64.b64decode, standard))).decode("ascii")
