"""Lists of models as the vendors' clients read them.

Sources (2026-11): platform.openai.com/docs/api-reference/models, platform.claude.com/docs/en/api/models-list,
ai.google.dev/api/models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never

from adapters.http.client_kind import ClientKind
from application.list_models import ListedModel
from domain.errors import MalformedRequest
from domain.json_types import JSON

_CREATED_UNIX_S: Final = 1_677_610_602
"""What litellm's proxy says of every model; clients show it as a date and read nothing in it."""
_CREATED_AT: Final = datetime.fromtimestamp(_CREATED_UNIX_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
_LONGEST_PAGE: Final = 1_000
"""The longest page of both vendors that have pages, and here also the page of those who name no size."""
_METHODS: Final = ("generateContent", "streamGenerateContent", "countTokens")


def render_models(models: Sequence[ListedModel], kind: ClientKind, query: Mapping[str, str]) -> dict[str, JSON]:
    """The list, or the page of it that `query` asks for. Raises MalformedRequest for a page that cannot be."""
    match kind:
        case ClientKind.OPENAI:
            return {"object": "list", "data": [_openai(model) for model in models]}
        case ClientKind.ANTHROPIC:
            return _anthropic_page(models, query)
        case ClientKind.GEMINI:
            return _gemini_page(models, query)
        case _:
            assert_never(kind)


def render_one(model: ListedModel, kind: ClientKind) -> dict[str, JSON]:
    """One model."""
    match kind:
        case ClientKind.OPENAI:
            return _openai(model)
        case ClientKind.ANTHROPIC:
            return _anthropic(model)
        case ClientKind.GEMINI:
            return _gemini(model)
        case _:
            assert_never(kind)


def _openai(model: ListedModel) -> dict[str, JSON]:
    return {"id": model.name, "object": "model", "created": _CREATED_UNIX_S, "owned_by": model.owner}


def _anthropic(model: ListedModel) -> dict[str, JSON]:
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": _CREATED_AT,
        "lifecycle": "active",
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
    }


def _gemini(model: ListedModel) -> dict[str, JSON]:
    rendered: dict[str, JSON] = {
        "name": f"models/{model.name}",
        "baseModelId": model.name,
        "version": "001",
        "displayName": model.name,
        "supportedGenerationMethods": list(_METHODS),
    }
    if model.context_tokens is not None:
        rendered["inputTokenLimit"] = model.context_tokens
    if model.max_output_tokens is not None:
        rendered["outputTokenLimit"] = model.max_output_tokens
    return rendered


@dataclass(frozen=True, slots=True)
class _Page:
    models: Sequence[ListedModel]
    is_last: bool


def _anthropic_page(models: Sequence[ListedModel], query: Mapping[str, str]) -> dict[str, JSON]:
    size = _page_size(query, "limit", zero_is_default=False)
    before_id = query.get("before_id")
    if before_id:
        page = _page_before(models, before_id, size)
    else:
        page = _page_after(models, query.get("after_id"), size, param="after_id")
    names = [model.name for model in page.models]
    return {
        "data": [_anthropic(model) for model in page.models],
        "has_more": not page.is_last,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }


def _gemini_page(models: Sequence[ListedModel], query: Mapping[str, str]) -> dict[str, JSON]:
    """The token of the next page is the last name of this one."""
    size = _page_size(query, "pageSize", zero_is_default=True)
    page = _page_after(models, query.get("pageToken"), size, param="pageToken")
    rendered: dict[str, JSON] = {"models": [_gemini(model) for model in page.models]}
    if not page.is_last:
        rendered["nextPageToken"] = page.models[-1].name
    return rendered


def _page_after(models: Sequence[ListedModel], name: str | None, size: int, *, param: str) -> _Page:
    start = _position(models, name, param) + 1 if name else 0
    return _Page(models[start : start + size], is_last=start + size >= len(models))


def _page_before(models: Sequence[ListedModel], name: str, size: int) -> _Page:
    end = _position(models, name, "before_id")
    start = max(0, end - size)
    return _Page(models[start:end], is_last=start == 0)


def _position(models: Sequence[ListedModel], name: str, param: str) -> int:
    for position, model in enumerate(models):
        if model.name == name:
            return position
    raise MalformedRequest(f"{param}: expected what an earlier page gave; no listed model is there", param=param)


def _page_size(query: Mapping[str, str], param: str, *, zero_is_default: bool) -> int:
    """Anthropic refuses sizes beyond the longest page, Google gives that page; zero means no size to Google."""
    asked = query.get(param)
    if not asked:
        return _LONGEST_PAGE
    size = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else -1
    if zero_is_default and size >= 0:
        return min(size, _LONGEST_PAGE) or _LONGEST_PAGE
    if not 1 <= size <= _LONGEST_PAGE:
        raise MalformedRequest(f"{param}: expected a number from 1 to {_LONGEST_PAGE}", param=param)
    return size
