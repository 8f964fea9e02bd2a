"""Azure OpenAI, classic and v1 (learn.microsoft.com/azure/ai-services/openai/reference, 2026-11)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.addresses import BaseUrl, Endpoint, chat_completions
from adapters.providers.credentials import ApiKey, Environment, Headers, found_key
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.spec import ProviderSpec

DEFAULT_API_VERSION: Final = "2025-02-01-preview"
_V1: Final = "/openai/v1"
_DEPLOYMENTS: Final = "/openai/deployments/"
_V1_VERSIONS: Final = frozenset({"v1", "preview", "latest"})


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


def _endpoint(base: BaseUrl, spec: DeploymentSpec, environment: Environment) -> Endpoint:
    version = spec.api_version or environment.get("AZURE_API_VERSION") or DEFAULT_API_VERSION
    if _DEPLOYMENTS in base.path:
        return chat_completions(_with_version(base, version))
    if base.path.endswith((_V1, f"{_V1}/chat/completions")) or version in _V1_VERSIONS:
        path = base.path if _V1 in base.path else base.path.removesuffix("/openai") + _V1
        query = base.query or ("?api-version=preview" if version == "preview" else "")
        return chat_completions(BaseUrl(origin=base.origin, path=path, query=query))
    classic = _with_version(base, version)
    root = base.path.removesuffix("/openai") + _DEPLOYMENTS

    def target(model: str, _stream: bool) -> str:  # noqa: FBT001 - the shape of every target
        return f"{root}{quote(model, safe='')}/chat/completions{classic.query}"

    return Endpoint(origin=base.origin, target=target)


def _with_version(base: BaseUrl, version: str) -> BaseUrl:
    query = base.query if "api-version=" in base.query else f"?api-version={quote(version)}"
    return BaseUrl(origin=base.origin, path=base.path, query=query)


AZURE: Final = ProviderSpec(
    name="azure",
    documentation="https://learn.microsoft.com/azure/ai-services/openai/reference",
    family="openai",
    base_variables=("AZURE_API_BASE",),
    credentials=AzureCredentials(
        ApiKey(variables=("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"), header="api-key", prefix="")
    ),
    endpoint=_endpoint,
    quirks=ChatQuirks(),
)
"""Classic: /openai/deployments/{deployment}/chat/completions?api-version=…; v1: /openai/v1/chat/completions where
the base ends so or the version is `v1`, `preview` or `latest`. The model is the deployment's name."""
