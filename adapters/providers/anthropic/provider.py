"""Anthropic (platform.claude.com/docs/en/api/messages, 2026-11)."""

import re
from typing import Final

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.providers.credentials import ApiKey, Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import EndpointMaker, ProviderSpec, WireSpec

API_VERSION: Final = "2023-06-01"
"""The version whose older models still take sampling parameters; 2026-10-21 refuses them on all."""

MODEL_NAMES: Final = re.compile(r"claude-")
"""Models that are Anthropic's where the configuration names no provider."""


def _at(suffix: str) -> EndpointMaker:
    """The base comes with its version or without."""
    return lambda base, _spec, _environment: (
        base.always(suffix) if base.path.endswith("/v1") else base.always(f"/v1{suffix}")
    )


def _headers(spec: DeploymentSpec, _environment: Environment) -> Headers:
    return (("anthropic-version", spec.api_version or API_VERSION),)


ANTHROPIC: Final = ProviderSpec(
    name="anthropic",
    documentation="https://platform.claude.com/docs/en/api/messages",
    family="anthropic",
    base_url="https://api.anthropic.com",
    base_variables=("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"),
    credentials=ApiKey(variables=("ANTHROPIC_API_KEY",), header="x-api-key", prefix=""),
    wires=(
        WireSpec(dialect=AnthropicMessages(), endpoint=_at("/messages"), counting=_at("/messages/count_tokens")),
    ),
    headers=_headers,
)
"""Beta features are switched on by `extra_headers: {anthropic-beta: …}` alone."""
