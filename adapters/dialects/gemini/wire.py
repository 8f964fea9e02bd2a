"""Reading an answer's JSON: a member is absent, or of its type, or the answer is malformed."""

from collections.abc import Mapping
from typing import TypeVar

from domain.errors import MalformedResponse
from domain.json_types import JSON

_T = TypeVar("_T")


def member(holder: Mapping[str, JSON], name: str, kind: type[_T]) -> _T | None:
    """The member `name`, None where it is absent or null. Raises MalformedResponse where it is no `kind`."""
    found = holder.get(name)
    if found is None or isinstance(found, kind):
        return found
    raise MalformedResponse(
        f"expected `{name}` in the upstream's answer to be a {kind.__name__}; got a {type(found).__name__}"
    )


def objects(holder: Mapping[str, JSON], name: str) -> list[dict[str, JSON]]:
    """The list of objects `name`, empty where absent. Raises MalformedResponse where it is anything else."""
    found = member(holder, name, list) or []
    for each in found:
        if not isinstance(each, dict):
            raise MalformedResponse(
                f"expected objects in `{name}` of the upstream's answer; got a {type(each).__name__}"
            )
    return found
