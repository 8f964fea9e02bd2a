"""ProviderSpec: all that makes one provider different from another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from adapters.dialects.contract import UpstreamDialect
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.addresses import BaseUrl, Endpoint, chat_completions
from adapters.providers.credentials import ApiKey, Credentials, Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from domain.chat.content import Family

EndpointMaker: TypeAlias = Callable[[BaseUrl, DeploymentSpec, Environment], Endpoint]
HeaderMaker: TypeAlias = Callable[[DeploymentSpec, Environment], Headers]

_SIGNED_BY_OTHERS: Final = (b'"extra_content"', b'"thinking_blocks"', b'"provider_specific_fields"')
"""Members of earlier answers that bring other vendors' signatures back with the history."""


def _chat_endpoint(base: BaseUrl, _spec: DeploymentSpec, _environment: Environment) -> Endpoint:
    return chat_completions(base)


def _no_headers(_spec: DeploymentSpec, _environment: Environment) -> Headers:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """One provider, as data where data is enough.

    name:           the prefix of its models in the configuration.
    documentation:  the page that this was read from (2026-11).
    family:         whose opaque values (signatures, encrypted reasoning) it takes back; None = its own.
    base_url:       where it is; None = the operator must say.
    base_variables: environment variables that may say it.
    credentials, key_required: how it is shown who asks, and whether it answers those who show nothing.
                    Elsewhere than at `base_url` a provider that is often imitated (`imitated`) asks for none.
    endpoint:       base URL → the address of requests; None = it answers within the gateway.
    headers:        headers of every request besides the credential.
    quirks:         how its Chat Completions differ from OpenAI's; None = it speaks `dialect` instead.
    renames:        top-level members that it calls otherwise, OpenAI's name → its own.
    gateway:        it reaches other vendors itself, so their signatures may travel to it.
    """

    name: str
    documentation: str
    family: Family | None = None
    base_url: str | None = None
    base_variables: tuple[str, ...] = ()
    credentials: Credentials = field(default_factory=ApiKey)
    key_required: bool = True
    imitated: bool = False
    endpoint: EndpointMaker | None = _chat_endpoint
    headers: HeaderMaker = _no_headers
    quirks: ChatQuirks | None = None
    dialect: UpstreamDialect | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    gateway: bool = False

    @property
    def opaque_family(self) -> Family:
        """Whose opaque values it takes back."""
        return self.family or self.name

    def is_elsewhere(self, base: str) -> bool:
        """Whether `base` is the address of somebody who only speaks like this provider."""
        return self.imitated and base.rstrip("/") != self.base_url

    def markers(self, base: str) -> tuple[bytes, ...]:
        """Bytes that stand in every Chat Completions body with a value that must not reach it as it stands.

        What a server elsewhere put into earlier answers is its own and goes back to it.
        """
        quirks = self.quirks
        if quirks is None or self.is_elsewhere(base):
            return ()
        nested = (
            (quirks.developer_role, b'"developer"'),
            (quirks.strict_tools, b'"strict"'),
            (quirks.custom_tools, b'"custom"'),
            (quirks.returns_reasoning, b'"reasoning_content"'),
        )
        foreign = () if self.gateway else _SIGNED_BY_OTHERS
        return (*foreign, *(marker for known, marker in nested if not known))

    def quirks_without(self, allowed: frozenset[str]) -> ChatQuirks | None:
        """Its quirks, without those that would drop the parameters `allowed`."""
        if self.quirks is None or not allowed:
            return self.quirks
        return replace(self.quirks, unsupported=self.quirks.unsupported - allowed)

    def speaks(self, quirks: ChatQuirks | None) -> UpstreamDialect:
        """Its language, under these quirks where it is Chat Completions."""
        if self.dialect is not None:
            return self.dialect
        return OpenAIChat(quirks or ChatQuirks())
