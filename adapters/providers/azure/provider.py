"""Azure OpenAI, classic and v1 (learn.microsoft.com/azure/ai-services/openai/reference, 2026-11)."""

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.providers.addresses import BaseUrl, Endpoint
from adapters.providers.credentials import ApiKey, Environment, Headers, found_key
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import EndpointMaker, ProviderSpec, WireSpec

DEFAULT_API_VERSION: Final = "2025-02-01-preview"
_V1: Final = "/openai/v1"
_DEPLOYMENTS: Final = "/openai/deployments/"
_V1_VERSIONS: Final = frozenset({"v1", "preview", "latest"})
_FIRST_WITH_RESPONSES: Final = "2025-03-01"

COMPLETION_MODELS: Final = re.compile(r"gpt-3\.?5-turbo-instruct|babbage|davinci")
"""The models that continue texts; Azure writes 3.5 without its point too."""


@dataclass(frozen=True, slots=True)
class AzureCredentials:
    """An Entra ID token as bearer where there is one, else the key in `api-key`; never both."""

    key: ApiKey

    @property
    def variables(self) -> tuple[str, ...]:
        return self.key.variables

    def headers(self, spec: DeploymentSpec, environment: Environment) -> Headers:
        key = self.key.headers(spec, environment)
        if spec.azure_ad_token is None and key:
            return key
        token = found_key(spec.azure_ad_token, ("AZURE_AD_TOKEN",), environment)
        return (("authorization", f"Bearer {token.reveal()}"),) if token else ()


@dataclass(frozen=True, slots=True)
class _Resource:
    """An Azure resource as its base names it: its root, the version that requests go by, and its deployment."""

    base: BaseUrl
    version: str | None
    deployment: str | None = None

    @classmethod
    def of(cls, base: BaseUrl, spec: DeploymentSpec, environment: Environment) -> "_Resource":
        version = spec.api_version or environment.get("AZURE_API_VERSION")
        root, _, deployment = base.path.partition(_DEPLOYMENTS)
        if deployment:
            return cls(replace(base, path=root), version, deployment)
        return cls(base, version)

    @property
    def is_v1(self) -> bool:
        """Whether the base or the version asks for the API without dated versions."""
        return self.base.path.endswith(_V1) or self.version in _V1_VERSIONS

    def v1(self, suffix: str) -> Endpoint:
        """`/openai/v1{suffix}`, where the model stands in the body."""
        path = self.base.path if self.base.path.endswith(_V1) else self.root + _V1
        asked = self.base.query or ("?api-version=preview" if self.version == "preview" else "")
        return replace(self.base, path=path, query=asked if self.is_v1 else "").always(suffix)

    def dated(self) -> BaseUrl:
        """The root with the version as query."""
        query = self.base.query
        if "api-version=" not in query:
            query = f"?api-version={quote(self.version or DEFAULT_API_VERSION)}"
        return replace(self.base, path=self.root, query=query)

    @property
    def root(self) -> str:
        return self.base.path.removesuffix("/openai")


def _of_a_deployment(suffix: str) -> EndpointMaker:
    """Classic: `/openai/deployments/{deployment}{suffix}?api-version=…`, the model being the deployment's name."""

    def made(base: BaseUrl, spec: DeploymentSpec, environment: Environment) -> Endpoint:
        resource = _Resource.of(base, spec, environment)
        if resource.deployment is None and resource.is_v1:
            return resource.v1(suffix)
        classic = resource.dated()
        if resource.deployment is not None:
            return classic.always(f"{_DEPLOYMENTS}{resource.deployment}{suffix}")
        return lambda model, _stream: classic.target(f"{_DEPLOYMENTS}{quote(model, safe='')}{suffix}")

    return made


def _responses(base: BaseUrl, spec: DeploymentSpec, environment: Environment) -> Endpoint:
    """`/openai/responses?api-version=…` where a version is named that has it, else v1."""
    resource = _Resource.of(base, spec, environment)
    if resource.is_v1 or (resource.version or "") < _FIRST_WITH_RESPONSES:
        return resource.v1("/responses")
    return resource.dated().always("/openai/responses")


AZURE: Final = ProviderSpec(
    name="azure",
    documentation="https://learn.microsoft.com/azure/ai-services/openai/reference",
    family="openai",
    base_variables=("AZURE_API_BASE",),
    credentials=AzureCredentials(
        ApiKey(variables=("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"), header="api-key", prefix="")
    ),
    wires=(
        WireSpec(dialect=OpenAIChat(), endpoint=_of_a_deployment("/chat/completions")),
        WireSpec(dialect=OpenAIResponses(), endpoint=_responses, for_reasoning=True),
    ),
    embeddings=_of_a_deployment("/embeddings"),
    completions=_of_a_deployment("/completions"),
    completion_models=COMPLETION_MODELS,
)
"""Classic: /openai/deployments/{deployment}/chat/completions?api-version=…; v1: /openai/v1/chat/completions where
the base ends so or the version is `v1`, `preview` or `latest`. The model is the deployment's name."""
