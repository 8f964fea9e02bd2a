"""Batches of every kind of line; the text of each request holds its own custom id."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORDS = "What is the weather like in Paris, and in Rome? "


def custom_id(number: int) -> str:
    return f"request-{number:07}"


def _openai(ident: str, url: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"custom_id": ident, "method": "POST", "url": url, "body": body}


def _turn(ident: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": WORDS + ident}]


def chat(ident: str, model: str = "talk") -> dict[str, Any]:
    return _openai(ident, "/v1/chat/completions", {"model": model, "messages": _turn(ident)})


def responses(ident: str) -> dict[str, Any]:
    return _openai(ident, "/v1/responses", {"model": "think", "input": WORDS + ident})


def embeddings(ident: str) -> dict[str, Any]:
    return _openai(ident, "/v1/embeddings", {"model": "embed", "input": WORDS + ident})


def completions(ident: str) -> dict[str, Any]:
    return _openai(ident, "/v1/completions", {"model": "think", "prompt": WORDS + ident, "max_tokens": 200})


def anthropic(ident: str, model: str = "talk") -> dict[str, Any]:
    return {"custom_id": ident, "params": {"model": model, "max_tokens": 200, "messages": _turn(ident)}}


def bare(ident: str, model: str = "think") -> dict[str, Any]:
    return {"custom_id": ident, "model": model, "messages": _turn(ident)}


def same_vendor(ident: str) -> dict[str, Any]:
    """What the one upstream that speaks Responses alone is asked for in its own words."""
    return _openai(ident, "/v1/responses", {"model": "reply", "input": WORDS + ident})


KINDS: tuple[Callable[[str], dict[str, Any]], ...] = (
    chat,
    responses,
    embeddings,
    anthropic,
    bare,
    completions,
    same_vendor,
)


def mixed(count: int) -> Iterator[dict[str, Any]]:
    """So many lines, of each kind in turn."""
    for number in range(1, count + 1):
        yield KINDS[number % len(KINDS)](custom_id(number))


def write_lines(path: Path, lines: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path
