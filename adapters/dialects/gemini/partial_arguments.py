"""Function arguments in pieces (`partialArgs`; cloud.google.com/vertex-ai, function calling, 2026-11)."""

import re
from collections.abc import Mapping
from typing import Final

from domain.errors import MalformedResponse
from domain.json_types import JSON

_STEP: Final = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]")
_MAX_STEPS: Final = 64
_VALUES: Final = ("stringValue", "numberValue", "boolValue")


def place(arguments: JSON, piece: Mapping[str, JSON]) -> JSON:
    """`arguments` with one piece put where its `jsonPath` says; text at a place that has text continues it.

    Raises MalformedResponse where the path cannot be followed.
    """
    path = piece.get("jsonPath")
    if not isinstance(path, str) or not path.startswith("$"):
        raise MalformedResponse("expected a jsonPath from the root in partialArgs of the upstream's answer")
    return _placed(arguments, _steps(path), _value(piece))


def _value(piece: Mapping[str, JSON]) -> JSON:
    return next((piece[name] for name in _VALUES if name in piece), None)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or len(steps) == _MAX_STEPS:
            raise _lost()
        steps.append(int(step["index"]) if step["index"] else step["name"] or step["key"] or "")
        position = step.end()
    return steps


def _placed(old: JSON, steps: list[str | int], value: JSON) -> JSON:
    if not steps:
        return old + value if isinstance(old, str) and isinstance(value, str) else value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        members = old if isinstance(old, dict) else {}
        members[step] = _placed(members.get(step), rest, value)
        return members
    items = old if isinstance(old, list) else []
    if step > len(items):
        raise _lost()
    if step == len(items):
        items.append(None)
    items[step] = _placed(items[step], rest, value)
    return items


def _lost() -> MalformedResponse:
    return MalformedResponse("expected a jsonPath that leads somewhere in partialArgs of the upstream's answer")
