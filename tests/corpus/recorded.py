"""Recorded traffic with the vendors, where the checkout has it beside it; tests skip where it is absent."""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "dev.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request and its answer. `body` is parsed JSON, `sse` the raw stream; None where it was neither."""

    id: str
    provider: str
    api: str
    features: frozenset[str]
    path: str
    request: Any
    status: int
    headers: dict[str, str]
    body: Any
    sse: bytes | None
    raw: bytes


@cache
def _all() -> tuple[Recorded, ...]:
    if not _CORPUS.exists():
        return ()
    with _CORPUS.open(encoding="utf-8") as lines:
        return tuple(_recorded(json.loads(line)) for line in lines)


def recorded(provider: str, *apis: str) -> tuple[Recorded, ...]:
    """The interactions with `provider` through any of `apis`. Skips the test where there is no corpus."""
    if not _CORPUS.exists():
        pytest.skip("the recorded corpus is not beside this checkout (shared/corpus/dev.jsonl)")
    return tuple(one for one in _all() if one.provider == provider and one.api in apis)


def _recorded(line: dict[str, Any]) -> Recorded:
    request, response = line["request"], line["response"]
    sse = response.get("sse")
    return Recorded(
        id=line["id"],
        provider=line["provider"],
        api=line["api"],
        features=frozenset(line.get("features", ())),
        path=request["path"],
        request=request.get("body"),
        status=response["status"],
        headers={name.lower(): str(value) for name, value in (response.get("headers") or {}).items()},
        body=response.get("body"),
        sse=None if sse is None else sse.encode(),
        raw=_raw(response),
    )


def _raw(response: dict[str, Any]) -> bytes:
    if response.get("body_b64") is not None:
        return base64.b64decode(response["body_b64"])
    if response.get("body_text") is not None:
        return str(response["body_text"]).encode()
    if response.get("sse") is not None:
        return str(response["sse"]).encode()
    return b"" if response.get("body") is None else json.dumps(response["body"]).encode()
