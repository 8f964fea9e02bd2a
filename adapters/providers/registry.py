"""Every provider by the prefix of its models. A new one is a row of the table, or a folder and a line here."""

from types import MappingProxyType
from typing import Final

from adapters.providers.anthropic.provider import ANTHROPIC
from adapters.providers.anthropic.provider import MODEL_NAMES as ANTHROPIC_NAMES
from adapters.providers.azure.provider import AZURE
from adapters.providers.compatible.table import COMPATIBLE
from adapters.providers.echo.provider import ECHO
from adapters.providers.gemini.provider import GEMINI
from adapters.providers.gemini.provider import MODEL_NAMES as GEMINI_NAMES
from adapters.providers.openai.provider import MODEL_NAMES as OPENAI_NAMES
from adapters.providers.openai.provider import OPENAI
from adapters.providers.spec import ProviderSpec

PROVIDERS: Final = MappingProxyType(
    {provider.name: provider for provider in (OPENAI, AZURE, ANTHROPIC, GEMINI, ECHO, *COMPATIBLE)}
)

BARE_NAMES: Final = ((OPENAI_NAMES, OPENAI), (ANTHROPIC_NAMES, ANTHROPIC), (GEMINI_NAMES, GEMINI))
"""Whose a model is that is written without a prefix: (names, provider)."""

NOT_SERVED: Final = frozenset(
    {
        "ai21",
        "ai21_chat",
        "amazon_nova",
        "anthropic_text",
        "azure_ai",
        "azure_text",
        "bedrock",
        "bedrock_converse",
        "bedrock_mantle",
        "bytez",
        "clarifai",
        "cloudflare",
        "cohere",
        "cohere_chat",
        "databricks",
        "datarobot",
        "gigachat",
        "github_copilot",
        "gradient_ai",
        "heroku",
        "maritalk",
        "nlp_cloud",
        "oci",
        "oobabooga",
        "petals",
        "predibase",
        "replicate",
        "sagemaker",
        "sagemaker_chat",
        "sap",
        "snowflake",
        "text-completion-codestral",
        "text-completion-openai",
        "triton",
        "vertex_ai",
        "vertex_ai_beta",
        "vllm",
        "watsonx",
        "watsonx_text",
    }
)
"""Prefixes that litellm knows and this version does not serve (docs.litellm.ai/docs/providers, 2026-11)."""


def provider_named(name: str) -> ProviderSpec | None:
    """The provider whose models have the prefix `name`."""
    return PROVIDERS.get(name)
