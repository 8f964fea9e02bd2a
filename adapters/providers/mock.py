"""litellm's `mock_response`: a canned answer, or one of the errors it has names for."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.upstream_errors import rejected
from adapters.providers.echo.script import Script, count_prompt_words
from domain.chat.request import ChatRequest
from domain.errors import KINDS, ErrorKind

_ERRORS: Final = MappingProxyType(
    {
        "litellm.RateLimitError": ErrorKind.RATE_LIMIT,
        "litellm.InternalServerError": ErrorKind.SERVER,
        "litellm.ContextWindowExceededError": ErrorKind.CONTEXT_LENGTH,
        "litellm.ContentPolicyViolationError": ErrorKind.CONTENT_POLICY,
    }
)
"""docs.litellm.ai/docs/completion/mock_requests and /docs/proxy/reliability, 2026-11."""


def mocked(answer: str, request: ChatRequest) -> Script:
    """The script of a canned `answer` to `request`. Raises the error that it names, if it does."""
    kind = _ERRORS.get(answer)
    if kind is not None:
        raise rejected(
            kind, KINDS[kind].status, message=f"mock_response asked for {answer.partition('.')[2]}", headers={}
        )
    return Script(text=answer, prompt_words=count_prompt_words(request))
