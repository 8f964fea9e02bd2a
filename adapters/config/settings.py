"""The settings of one gateway: immutable values, built once from a checked configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from dataclasses_json import DataClassJsonMixin, config

from adapters.config.routing_settings import RoutingSettings
from domain.json_types import JSON
from domain.secret import Secret

MEBIBYTE: Final = 1024 * 1024


def _headers(checked: Mapping[str, Mapping[str, JSON]]) -> Mapping[str, str | Secret]:
    return MappingProxyType(
        {
            name: Secret(header["value"]) if header["secret"] else str(header["value"])
            for name, header in checked.items()
        }
    )


_FROZEN: Final = config(decoder=MappingProxyType)
_SECRET: Final = config(decoder=Secret)
_HEADERS: Final = config(decoder=_headers)
_EMPTY: Final[Mapping[str, JSON]] = MappingProxyType({})
_NO_PRICES: Final[Mapping[str, float]] = MappingProxyType({})


def _empty() -> Mapping[str, JSON]:
    return _EMPTY


def _no_prices() -> Mapping[str, float]:
    return _NO_PRICES


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings(DataClassJsonMixin):
    """How long each phase of an upstream call may take, in seconds, and how much may be held or done at a time.

    max_response_bytes: of an answer that is not streamed. max_upload_bytes: of a file. batch_concurrency: how many
    requests of kept batches are asked at a time.
    """

    connect_timeout_s: float = 5.0
    first_byte_timeout_s: float = 600.0
    idle_timeout_s: float = 30.0
    total_timeout_s: float = 6000.0
    max_response_bytes: int = 64 * MEBIBYTE
    max_upload_bytes: int = 200 * MEBIBYTE
    batch_concurrency: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo(DataClassJsonMixin):
    """What the configuration says about a model.

    dialects: the dialects that its upstream speaks; None = not given.
    supports: maps `vision` (`supports_vision`) to yes or no.
    """

    id: str | None = None
    mode: str | None = None
    dialects: tuple[str, ...] | None = None
    base_model: str | None = None
    max_tokens: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    supports: Mapping[str, bool] = field(default_factory=_empty, metadata=_FROZEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeploymentSettings(DataClassJsonMixin):
    """One entry of `model_list`. None = not given.

    model:             with its provider prefix as written (`openai/gpt-4o`).
    api_key:           an empty Secret = given, but what it refers to is empty: not configured.
    weight, rpm, tpm:  the first of them that is given is the deployment's share of the calls to its group.
    num_retries, cooldown_s, allowed_fails: instead of what holds for all; a cooldown of 0 = none.
    prices:            US dollars for one token, by litellm's key (`input_cost_per_token`).
    extra_headers:     those whose name or variable tells of a credential are Secrets.
    request_defaults:  members set in a request's body where the caller left them out.
    variables:         key of litellm_params → the environment variable that its value came from.
    location:          `file:line` of the entry.
    """

    model_name: str
    model: str
    location: str
    custom_llm_provider: str | None = None
    api_key: Secret | None = field(default=None, metadata=_SECRET)
    api_base: str | None = None
    api_version: str | None = None
    organization: str | None = None
    weight: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    timeout_s: float | None = None
    stream_timeout_s: float | None = None
    drop_params: bool | None = None
    additional_drop_params: tuple[str, ...] = ()
    allowed_openai_params: tuple[str, ...] = ()
    extra_headers: Mapping[str, str | Secret] = field(default_factory=_empty, metadata=_HEADERS)
    extra_body: Mapping[str, JSON] = field(default_factory=_empty, metadata=_FROZEN)
    mock_response: str | None = None
    ssl_verify: bool | str | None = None
    order: int | None = None
    tags: tuple[str, ...] = ()
    max_parallel_requests: int | None = None
    num_retries: int | None = None
    cooldown_s: float | None = None
    allowed_fails: int | None = None
    prices: Mapping[str, float] = field(default_factory=_no_prices, metadata=_FROZEN)
    request_defaults: Mapping[str, JSON] = field(default_factory=_empty, metadata=_FROZEN)
    model_info: ModelInfo = field(default_factory=ModelInfo)
    variables: Mapping[str, str] = field(default_factory=_empty, metadata=_FROZEN)

    def __repr__(self) -> str:
        # The open members may hold what only the vendor knows to be a secret.
        return f"DeploymentSettings({self.model_name!r} at {self.location})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasSettings(DataClassJsonMixin):
    """Another name for a model group; a hidden one is served and not listed."""

    name: str
    target: str
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(DataClassJsonMixin):
    """Everything the configuration decides.

    drop_params:       for deployments that do not say; None = drop with a warning.
    request_timeout_s, stream_timeout_s: for deployments that do not say; None = the limits alone.
    master_key:        None = no key is asked for.
    key_header_name:   a header that may carry the key, besides the usual ones.
    ssl_verify:        for deployments that do not say; text = the path of a file with certificates.
    skip_bad_frames:   frames of a stream that are no JSON are counted and skipped, not an error.
    data_dir:          where files and batches are kept; None = none are.
    """

    deployments: tuple[DeploymentSettings, ...]
    aliases: tuple[AliasSettings, ...] = ()
    drop_params: bool | None = None
    strict: bool = False
    request_timeout_s: float | None = None
    stream_timeout_s: float | None = None
    master_key: Secret | None = field(default=None, metadata=_SECRET)
    key_header_name: str | None = None
    ssl_verify: bool | str = True
    cors_origins: tuple[str, ...] = ()
    log_format: str = "console"
    log_level: str = "info"
    limits: LimitSettings = field(default_factory=LimitSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    skip_bad_frames: bool = False
    max_request_bytes: int = 32 * MEBIBYTE
    metrics_need_key: bool = True
    data_dir: str | None = None
