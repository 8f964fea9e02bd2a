"""Google's Gemini API (ai.google.dev/api/generate-content, 2026-11)."""

import re
from typing import Final
from urllib.parse import quote

from adapters.dialects.gemini.dialect import Gemini
from adapters.providers.addresses import BaseUrl, Endpoint
from adapters.providers.credentials import ApiKey, Environment
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import ProviderSpec

API_VERSION: Final = "v1beta"
"""The version that has every feature; `v1` lacks some."""

MODEL_NAMES: Final = re.compile(r"gemini-|gemma-")
"""Models that are Google's where the configuration names no provider."""

_VERSIONED: Final = re.compile(r"/v\d[a-z0-9]*$")
_COLLECTION: Final = re.compile(r"(models|tunedModels)/")


def _endpoint(base: BaseUrl, spec: DeploymentSpec, _environment: Environment) -> Endpoint:
    versioned = bool(_VERSIONED.search(base.path))
    root = base.path if versioned else f"{base.path}/{spec.api_version or API_VERSION}"

    def target(model: str, stream: bool) -> str:  # noqa: FBT001 - the shape of every target
        name = model if _COLLECTION.match(model) else f"models/{model}"
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"{root}/{quote(name)}:{verb}"

    return Endpoint(origin=base.origin, target=target)


GEMINI: Final = ProviderSpec(
    name="gemini",
    documentation="https://ai.google.dev/api/generate-content",
    family="google",
    base_url="https://generativelanguage.googleapis.com",
    base_variables=("GEMINI_API_BASE",),
    credentials=ApiKey(variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"), header="x-goog-api-key", prefix=""),
    endpoint=_endpoint,
    dialect=Gemini(),
)
"""The key travels in a header, never in the query, where logs would keep it."""
