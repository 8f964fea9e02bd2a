"""What the vendors on loopback say, whatever their format, and what a request tells them to do."""

import json
import re
from dataclasses import dataclass
from typing import Any

TEXT = "The weather in Paris is mild: 21 °C. 🌤"
CALLS = (("call_a", "get_weather", {"city": "Paris"}), ("call_b", "get_weather", {"city": "Rome"}))
VERDICT = {"mild": True, "why": "21 °C"}
THOUGHT, SIGNATURE, REDACTED = "Paris first, then Rome.", "c2lnbmVkIGhlcmU=", "aGlkZGVu"
ENCRYPTED = "gAAAAABlbmNyeXB0ZWQ="
PROMPT_TOKENS, CACHED_TOKENS, COMPLETION_TOKENS, THOUGHT_TOKENS = 31, 8, 17, 5
VECTORS = ((0.25, -1.5, 3.0), (1.0, 0.0, -0.125))
RETRY_AFTER_S = 7
REASONS = {401: "your key is not known", 429: "too many requests", 500: "something broke", 529: "too much to do"}
BROKEN = "the model fell asleep"
CREATED_UNIX_S = 1_700_000_000

EVENTS, JSON = "text/event-stream", "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    method: str = "POST"

    @property
    def model(self) -> str:
        """The model it asks for, by body or path. It may say how the vendor is to misbehave."""
        found = re.search(r"/models/([^:?]*)", self.path)
        return found[1] if found else str(self.body.get("model", ""))

    @property
    def fails(self) -> int | None:
        """The status that a model named `fails-429` answers with."""
        found = re.search(r"fails-(\d+)", self.model)
        return int(found[1]) if found else None

    @property
    def breaks(self) -> bool:
        """Whether the vendor is to report an error after the first half of its stream."""
        return "breaks" in self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a vendor reads in a request: calls of tools, an object in a schema, thoughts."""

    calls: bool = False
    verdict: bool = False
    thoughts: bool = False

    @property
    def text(self) -> str:
        """What is said in the answer, where no tool is called."""
        return json.dumps(VERDICT, ensure_ascii=False) if self.verdict else TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """An answer as it is sent."""

    payload: bytes
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def whole(body: Any) -> Canned:
    return Canned(payload=json.dumps(body).encode())


def failed(status: int, body: Any) -> Canned:
    """A failure; one about too many requests says when to come again."""
    headers = (("retry-after", str(RETRY_AFTER_S)),) if status == 429 else ()
    return Canned(payload=json.dumps(body).encode(), status=status, headers=headers)


def streamed(frames: list[bytes], broken: bytes | None = None) -> Canned:
    """A stream; where it is to break, its second half is the error `broken` instead."""
    kept = frames if broken is None else [*frames[: len(frames) * 3 // 5], broken]
    return Canned(payload=b"".join(kept), content_type=EVENTS)


def halves(text: str) -> tuple[str, str]:
    """Two pieces of a text, neither of them empty."""
    middle = max(1, len(text) // 3)
    return text[:middle], text[middle:]
