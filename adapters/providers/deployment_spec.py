"""What the operator says about one deployment, in the words of litellm's `litellm_params` and `model_info`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from domain.json_types import JSON
from domain.secret import Secret

TlsKey: TypeAlias = bool | str
"""`ssl_verify`: checked against the usual authorities, not checked, or against the certificates in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What the operator knows of the model better than the catalogue; None = the catalogue's word.

    id:         the deployment's own id.
    mode:       what the model is for; `responses` and `completion` name the one API that it is reached by.
    dialects:   the dialects that the upstream speaks; None = what its provider is known to speak.
    base_model: the model behind a deployment whose name does not tell (Azure).
    supports:   `supports_reasoning: false` as `{"reasoning": False}`.
    """

    id: str | None = None
    mode: str | None = None
    dialects: tuple[str, ...] | None = None
    base_model: str | None = None
    max_tokens: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    supports: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSpec:
    """One deployment as configured.

    group:          the name clients ask for; `*` in it makes it a pattern.
    model:          the upstream's model with its provider's prefix (`openai/gpt-4o`, `openai/*`).
    api_key:        None = the provider's own variable is looked up; an empty one = it was configured and is empty.
    key_variable:   the environment variable that `api_key` was to come from, to be named where it is empty.
    azure_ad_token: an Entra ID token, used instead of a key (Azure only).
    request_defaults: members of the request that are set where the caller leaves them out.
    additional_drop_params: members of the caller's request that are left out.
    allowed_openai_params: parameters that are sent even though the provider is said not to know them.
    extra_body:     members that are set in the request to the upstream, whatever the caller says.
    skip_bad_frames: an event of a stream that is no JSON is counted and left out; else it is an error.
    order, tags, max_parallel_requests, cooldown_s, allowed_fails: as Deployment has them.
    num_retries:    how often its group is tried again.
    """

    group: str
    model: str
    custom_llm_provider: str | None = None
    api_key: Secret | None = None
    key_variable: str | None = None
    azure_ad_token: Secret | None = None
    api_base: str | None = None
    api_version: str | None = None
    organization: str | None = None
    weight: float | None = None
    rpm: float | None = None
    tpm: float | None = None
    timeout_s: float | None = None
    stream_timeout_s: float | None = None
    drop_params: bool | None = None
    strict: bool = False
    additional_drop_params: tuple[str, ...] = ()
    allowed_openai_params: tuple[str, ...] = ()
    extra_headers: Mapping[str, str | Secret] = field(default_factory=dict)
    extra_body: Mapping[str, JSON] = field(default_factory=dict)
    mock_response: str | None = None
    request_defaults: Mapping[str, JSON] = field(default_factory=dict)
    model_info: ModelInfo = field(default_factory=ModelInfo)
    tls: TlsKey = True
    skip_bad_frames: bool = False
    order: int | None = None
    tags: tuple[str, ...] = ()
    max_parallel_requests: int | None = None
    cooldown_s: float | None = None
    allowed_fails: int | None = None
    num_retries: int | None = None
