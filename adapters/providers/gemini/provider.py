"""Google's Gemini API (ai.google.dev/api/generate-content, 2026-11)."""

import re
from typing import Final
from urllib.parse import quote

from adapters.dialects.gemini.dialect import Gemini
from adapters.providers.addresses import BaseUrl, Endpoint
from adapters.providers.credentials import ApiKey, Environment
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import EndpointMaker, ProviderSpec, WireSpec

API_VERSION: Final = "v1beta"
"""The version that has every feature; `v1` lacks some."""

MODEL_NAMES: Final = re.compile(r"gemini-|gemma-")
"""Models that are Google's where the configuration names no provider."""

_VERSIONED: Final = re.compile(r"/v\d[a-z0-9]*$")
_COLLECTION: Final = re.compile(r"(models|tunedModels)/")


def _calling(verb: str, streaming_verb: str | None = None) -> EndpointMaker:
    """`{base}/{version}/models/{model}:{verb}`; the base comes with its version or without."""

    def made(base: BaseUrl, spec: DeploymentSpec, _environment: Environment) -> Endpoint:
        versioned = bool(_VERSIONED.search(base.path))
        root = base.path if versioned else f"{base.path}/{spec.api_version or API_VERSION}"

        def endpoint(model: str, stream: bool) -> str:  # noqa: FBT001 - the shape of every endpoint
            name = model if _COLLECTION.match(model) else f"models/{model}"
            return f"{root}/{quote(name)}:{(streaming_verb or verb) if stream else verb}"

        return endpoint

    return made


GEMINI: Final = ProviderSpec(
    name="gemini",
    documentation="https://ai.google.dev/api/generate-content",
    family="google",
    base_url="https://generativelanguage.googleapis.com",
    base_variables=("GEMINI_API_BASE",),
    credentials=ApiKey(variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"), header="x-goog-api-key", prefix=""),
    wires=(
        WireSpec(
            dialect=Gemini(),
            endpoint=_calling("generateContent", "streamGenerateContent?alt=sse"),
            counting=_calling("countTokens"),
            model_in_path=True,
        ),
    ),
    embeddings=_calling("batchEmbedContents"),
)
"""The key travels in a header, never in the query, where logs would keep it."""
