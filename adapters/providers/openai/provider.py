"""OpenAI (developers.openai.com/api/reference, 2026-11)."""

import re
from dataclasses import replace
from typing import Final

from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.credentials import ApiKey, Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import MESSAGES, RESPONSES, ProviderSpec, at, chat_completions

MODEL_NAMES: Final = re.compile(r"(ft:)?(gpt-\d|chatgpt-|o\d(-|$)|chat-latest$)|\*$")
"""Models that are OpenAI's where the configuration names no provider."""

COMPLETION_MODELS: Final = re.compile(r"(ft:)?(gpt-3\.5-turbo-instruct|babbage|davinci)")
"""The models that continue texts (developers.openai.com/api/docs/deprecations, 2026-11)."""


def _headers(spec: DeploymentSpec, environment: Environment) -> Headers:
    organization = spec.organization or environment.get("OPENAI_ORGANIZATION")
    return (("openai-organization", organization),) if organization else ()


OPENAI: Final = ProviderSpec(
    name="openai",
    documentation="https://developers.openai.com/api/reference/resources/chat",
    family="openai",
    base_url="https://api.openai.com/v1",
    base_variables=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    credentials=ApiKey(variables=("OPENAI_API_KEY",)),
    imitated=True,
    wires=(
        chat_completions(ChatQuirks()),
        replace(RESPONSES, counting=at("/responses/input_tokens"), for_reasoning=True),
        MESSAGES,
    ),
    embeddings=at("/embeddings"),
    completions=at("/completions"),
    completion_models=COMPLETION_MODELS,
    headers=_headers,
)
