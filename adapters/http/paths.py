"""The paths of the model-calling routes, as the vendors' clients and those of litellm's proxy ask for them."""

from typing import Final

from adapters.http.routes import Paths

_MODEL_IN_PATH: Final = ("/openai/deployments/", "/engines/")
_GEMINI_PREFIXES: Final = ("/v1beta/models/", "/v1/models/", "/v1alpha/models/", "/models/")


def _openai(operation: str) -> Paths:
    """The four shapes of path that OpenAI's older operations have, there and at Azure."""
    return Paths(
        exact=(f"/v1{operation}", operation),
        around_model=tuple((prefix, operation) for prefix in _MODEL_IN_PATH),
    )


def _below(prefixes: tuple[str, ...], operation: str) -> Paths:
    return Paths(exact=tuple(f"{prefix}{operation}" for prefix in prefixes))


def _gemini(verb: str) -> Paths:
    """The paths of a Gemini method, in every version of the API and without one."""
    return Paths(around_model=tuple((prefix, f":{verb}") for prefix in _GEMINI_PREFIXES))


CHAT_COMPLETIONS: Final = _openai("/chat/completions")
COMPLETIONS: Final = _openai("/completions")
EMBEDDINGS: Final = _openai("/embeddings")
RESPONSES: Final = _below(("/v1", "", "/openai/v1"), "/responses")
INPUT_TOKENS: Final = _below(RESPONSES.exact, "/input_tokens")
MESSAGES: Final = _below(("/v1", "/anthropic/v1"), "/messages")
COUNT_TOKENS: Final = _below(MESSAGES.exact, "/count_tokens")
GENERATE_CONTENT: Final = _gemini("generateContent")
STREAM_GENERATE_CONTENT: Final = _gemini("streamGenerateContent")
COUNT_CONTENT_TOKENS: Final = _gemini("countTokens")
