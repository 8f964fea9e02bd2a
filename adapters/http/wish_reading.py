"""Reads what a caller asks of routing, beside the model: litellm's members of the body, and its headers.

Source: docs.litellm.ai/docs/proxy: reliability, client_side_fallbacks, tag_routing, request_headers (2026-11).
"""

from collections.abc import Mapping
from typing import Final, TypeGuard

from adapters.dialects.openai_chat.gateway_members import is_gateway_member
from domain.errors import ErrorKind, MalformedRequest
from domain.json_types import JSON
from domain.routing.policy import ANY_GROUP
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes

_TAGS: Final = "x-litellm-tags"
_RETRIES: Final = "x-litellm-num-retries"
WISH_HEADERS: Final = frozenset({_TAGS, _RETRIES})
"""Headers that can hold a wish."""
_MOCK_FAILURES: Final = (
    ("mock_testing_fallbacks", ErrorKind.SERVER),
    ("mock_testing_context_fallbacks", ErrorKind.CONTEXT_LENGTH),
    ("mock_testing_content_policy_fallbacks", ErrorKind.CONTENT_POLICY),
    ("mock_testing_rate_limit_error", ErrorKind.RATE_LIMIT),
)
"""Members that ask for a failure; of several the first counts."""

_MEMBERS: Final = frozenset(
    {
        "fallbacks",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "num_retries",
        "max_retries",
        "metadata",
        "litellm_metadata",
        "tags",
        "disable_fallbacks",
        *(member for member, _ in _MOCK_FAILURES),
    }
)
"""Members that can hold a wish."""

_THE_CALL_S_OWN: Final = frozenset({"api_base", "api_key", "base_url", "stream"})
"""What no fallback can change: where and as whom the gateway asks, and the form of the answer."""

_MOST_RETRIES: Final = 100


def read_wishes(headers: Mapping[str, str], gateway: Mapping[str, JSON], model: str) -> RoutingWishes:
    """The wishes of a call for `model`; NO_WISHES itself where there are none.

    `gateway`: the members of the body that are for the gateway. Raises MalformedRequest, naming the member.
    """
    if _MEMBERS.isdisjoint(gateway) and WISH_HEADERS.isdisjoint(headers):
        return NO_WISHES
    wishes = RoutingWishes(
        fallbacks=_fallbacks(gateway, "fallbacks", model),
        context_window_fallbacks=_fallbacks(gateway, "context_window_fallbacks", model),
        content_policy_fallbacks=_fallbacks(gateway, "content_policy_fallbacks", model),
        retries=_retries(headers, gateway),
        tags=_tags(headers, gateway),
        disable_fallbacks=_flag(gateway, "disable_fallbacks"),
        mock_failure=next((kind for member, kind in _MOCK_FAILURES if _flag(gateway, member)), None),
    )
    return NO_WISHES if wishes == NO_WISHES else wishes


def _fallbacks(gateway: Mapping[str, JSON], member: str, model: str) -> tuple[FallbackTarget, ...] | None:
    """The targets in `member`: names, changed requests, or lists of both for each model that may be asked for."""
    given = gateway.get(member)
    if given is None:
        return None
    targets: list[FallbackTarget] = []
    by_model: dict[str, JSON] = {}
    for index, item in enumerate(_items(given, member)):
        if isinstance(item, dict) and "model" not in item:
            by_model = {**item, **by_model}
        else:
            targets.append(_target(item, f"{member}[{index}]"))
    name = model if model in by_model else ANY_GROUP
    for index, item in enumerate(_items(by_model.get(name, []), f"{member}.{name}")):
        targets.append(_target(item, f"{member}.{name}[{index}]"))
    return tuple(targets)


def _target(item: JSON, where: str) -> FallbackTarget:
    if isinstance(item, str) and item:
        return FallbackTarget(model=item)
    if not isinstance(item, dict) or not isinstance(item.get("model"), str):
        raise MalformedRequest(f"{where}: expected a model's name, or an object with `model`", param=where)
    changes = {name: value for name, value in item.items() if name != "model"}
    for name in changes:
        if name in _THE_CALL_S_OWN or is_gateway_member(name):
            place = f"{where}.{name}"
            raise MalformedRequest(f"{place}: a fallback cannot change that; leave it out", param=place)
    return FallbackTarget(model=item["model"], changes=changes)


def _items(value: JSON, where: str) -> list[JSON]:
    if isinstance(value, list):
        return value
    raise MalformedRequest(f"{where}: expected a list of models", param=where)


def _retries(headers: Mapping[str, str], gateway: Mapping[str, JSON]) -> int | None:
    """The header counts before the body."""
    header = headers.get(_RETRIES)
    if header is not None:
        written = header.strip()
        count = int(written) if written.isascii() and written.isdigit() and len(written) <= len("100") else None
        return _count(count, _RETRIES)
    for member in ("num_retries", "max_retries"):
        value = gateway.get(member)
        if value is not None:
            return _count(value, member)
    return None


def _count(value: JSON, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_RETRIES:
        return value
    raise MalformedRequest(f"{where}: expected a whole number from 0 to {_MOST_RETRIES}", param=where)


def _tags(headers: Mapping[str, str], gateway: Mapping[str, JSON]) -> tuple[str, ...]:
    """Those of the metadata, then those of `tags`, or, without any, of the header; each once."""
    tags: list[str] = []
    for member in ("metadata", "litellm_metadata"):
        metadata = gateway.get(member)
        if isinstance(metadata, dict):
            tags += _listed(metadata.get("tags"), f"{member}.tags")
    own = gateway.get("tags")
    tags += _listed(headers.get(_TAGS), _TAGS) if own is None else _listed(own, "tags")
    return tuple(dict.fromkeys(tags))


def _listed(value: JSON, where: str) -> list[str]:
    """A list of tags, also one that is written with commas."""
    if value is None:
        return []
    if isinstance(value, str):
        value = [tag.strip() for tag in value.split(",")]
    if not _are_texts(value):
        raise MalformedRequest(f"{where}: expected a list of strings", param=where)
    return [tag for tag in value if tag]


def _are_texts(value: JSON) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _flag(gateway: Mapping[str, JSON], member: str) -> bool:
    value = gateway.get(member)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise MalformedRequest(f"{member}: expected true or false", param=member)
