"""ProviderSpec: all that makes one provider different from another."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects import sealed
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import UpstreamDialect
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.providers.addresses import BaseUrl, Endpoint
from adapters.providers.apis import ANY_MODEL
from adapters.providers.credentials import ApiKey, Credentials, Environment, Headers
from adapters.providers.deployment_spec import DeploymentSpec
from domain.chat.content import Family

EndpointMaker: TypeAlias = Callable[[BaseUrl, DeploymentSpec, Environment], Endpoint]
HeaderMaker: TypeAlias = Callable[[DeploymentSpec, Environment], Headers]

_SEALED: Final = tuple(f'"{prefix}'.encode() for prefix in (sealed.PREFIX, sealed.PREFIX_IN_BASE64))
_SIGNED_BY_OTHERS: Final = (
    b'"extra_content"',
    b'"thinking_blocks"',
    b'"reasoning_details"',
    b'"provider_specific_fields"',
)
"""Members of earlier answers that bring other vendors' signatures back with the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSpec:
    """One of the APIs in which a provider answers chats.

    dialect:       its language, with its quirks where it is Chat Completions.
    endpoint:      base URL → the address of requests.
    counting:      base URL → the address that counts the tokens of a request; None = there is none.
    renames:       top-level members that it calls otherwise, the dialect's name → its own.
    model_in_path: the address tells the model and whether to stream, and the body must not.
    for_reasoning: for models that reason, clients of other dialects are bridged to it.
    callers:       how the headers begin that a caller may send it; None = as its family is called.
    on_request:    it is spoken only where the operator says so (`model_info.dialects`, `mode`).
    """

    dialect: UpstreamDialect
    endpoint: EndpointMaker
    counting: EndpointMaker | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    model_in_path: bool = False
    for_reasoning: bool = False
    callers: str | None = None
    on_request: bool = False

    @property
    def quirks(self) -> ChatQuirks | None:
        """How its Chat Completions differ from OpenAI's; None where it speaks another dialect."""
        return self.dialect.quirks if isinstance(self.dialect, OpenAIChat) else None

    def allowing(self, parameters: frozenset[str]) -> "WireSpec":
        """The wire without the quirks that would drop these parameters."""
        quirks = self.quirks
        if quirks is None or not parameters & quirks.unsupported:
            return self
        return replace(self, dialect=OpenAIChat(replace(quirks, unsupported=quirks.unsupported - parameters)))

    def markers(self, *, signs_for_others: bool, elsewhere: bool) -> tuple[bytes, ...]:
        """Bytes that stand in every body of its dialect with a value that must not reach it as it stands.

        What a server elsewhere put into earlier answers is its own and goes back to it; what the gateway sealed
        is of use to nobody else.
        """
        quirks = self.quirks
        if quirks is None or elsewhere:
            return _SEALED
        nested = (
            (quirks.developer_role, b'"developer"'),
            (quirks.strict_tools, b'"strict"'),
            (quirks.custom_tools, b'"custom"'),
            (quirks.returns_reasoning, b'"reasoning_content"'),
        )
        foreign = () if signs_for_others else _SIGNED_BY_OTHERS
        return (*_SEALED, *foreign, *(marker for known, marker in nested if not known))


def at(suffix: str) -> EndpointMaker:
    """`{base}{suffix}`; the base comes with its version, and nothing is added to it."""
    return lambda base, _spec, _environment: base.always(suffix)


def chat_completions(quirks: ChatQuirks, renames: Mapping[str, str] = MappingProxyType({})) -> WireSpec:
    """Chat Completions under `{base}/chat/completions`."""
    return WireSpec(dialect=OpenAIChat(quirks), endpoint=at("/chat/completions"), renames=renames)


RESPONSES: Final = WireSpec(dialect=OpenAIResponses(), endpoint=at("/responses"))
"""Responses under `{base}/responses`."""
MESSAGES: Final = WireSpec(
    dialect=AnthropicMessages(), endpoint=at("/messages"), callers="anthropic-", on_request=True
)
"""Messages under `{base}/messages`, as many servers offer it to clients of Anthropic's."""


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
    wires:          the APIs in which it answers chats, the one for everybody first; none = it answers within the
                    gateway.
    embeddings:     base URL → where it embeds; None = it does not.
    completions:    base URL → where it continues texts (the older API), for models whose id begins as
                    `completion_models` says.
    headers:        headers of every request besides the credential.
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
    wires: tuple[WireSpec, ...] = ()
    embeddings: EndpointMaker | None = None
    completions: EndpointMaker | None = None
    completion_models: re.Pattern[str] = ANY_MODEL
    headers: HeaderMaker = _no_headers
    gateway: bool = False

    @property
    def opaque_family(self) -> Family:
        """Whose opaque values it takes back."""
        return self.family or self.name

    def is_elsewhere(self, base: str) -> bool:
        """Whether `base` is the address of somebody who only speaks like this provider."""
        return self.imitated and base.rstrip("/") != self.base_url
