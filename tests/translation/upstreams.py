"""Upstreams of every dialect, by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation import chat_upstream, gemini_upstream, messages_upstream, responses_upstream
from tests.translation.said import Said
from tests.translation.sse_frames import Frames


@dataclass(frozen=True, slots=True)
class Upstream:
    """How a vendor answers.

    body: the buffered answer. frames: the streamed one, its texts in pieces of so many characters. ending: how many
    frames at the end tell that it is complete. error_frame: an error with this message in the middle of a stream.
    """

    body: Callable[[Said], Any]
    frames: Callable[[Said, int], Frames]
    ending: int
    error_frame: Callable[[str], bytes]


UPSTREAMS: Final[Mapping[str, Upstream]] = MappingProxyType(
    {
        name: Upstream(module.body, module.frames, module.ENDING, module.error_frame)
        for name, module in (
            (OPENAI_CHAT, chat_upstream),
            (OPENAI_RESPONSES, responses_upstream),
            (ANTHROPIC_MESSAGES, messages_upstream),
            (GEMINI, gemini_upstream),
        )
    }
)
