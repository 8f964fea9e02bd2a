"""From the loaded configuration to bound deployments: the words of the file become the words of the providers."""

from dataclasses import replace

from adapters.config.loading import LoadedConfig
from adapters.config.mistakes import ConfigError, Mistake
from adapters.config.settings import DeploymentSettings, Settings
from adapters.config.settings import ModelInfo as ModelInfoSettings
from adapters.providers.binding import Bindings, bind
from adapters.providers.deployment_spec import DeploymentSpec, ModelInfo
from adapters.providers.registry import PROVIDERS
from adapters.upstream.port import Limits
from domain.errors import UnknownModel
from domain.routing.fleet import Alias, Deployment, Fleet
from entrypoints.model_facts import profiles


def bind_deployments(loaded: LoadedConfig) -> Bindings:
    """The deployments of a configuration. Raises ConfigError with the place of each that cannot mean anything."""
    settings = loaded.settings
    specs = [deployment_spec(deployment, settings) for deployment in settings.deployments]
    places = {id(spec): deployment.location for spec, deployment in zip(specs, settings.deployments, strict=True)}
    bindings = bind(specs, loaded.environment, limits=upstream_limits(settings))
    mistakes = [_mistake(places[id(mistake.spec)], mistake.message) for mistake in bindings.mistakes]
    if mistakes:
        raise ConfigError(mistakes)
    return bindings


def fleet_of(bindings: Bindings, settings: Settings) -> Fleet:
    """The fleet that routing knows."""
    aliases = (Alias(name=alias.name, target=alias.target, hidden=alias.hidden) for alias in settings.aliases)
    profile_of = profiles(bindings)

    def informed(deployment: Deployment) -> Deployment:
        try:
            profile = profile_of(deployment)
        except UnknownModel:  # whoever calls it is told so
            return deployment
        return replace(
            deployment,
            max_prompt_tokens=profile.context_tokens,
            always_reasons=deployment.always_reasons or profile.always_thinks,
        )

    return Fleet.of(bindings.deployments, aliases, informed)


def upstream_limits(settings: Settings) -> Limits:
    """The limits of every upstream call, before a deployment or a caller narrows them."""
    limits = settings.limits
    return Limits(
        connect_s=limits.connect_timeout_s,
        first_byte_s=limits.first_byte_timeout_s,
        idle_s=limits.idle_timeout_s,
        total_s=limits.total_timeout_s,
        max_body_bytes=limits.max_response_bytes,
    )


def deployment_spec(deployment: DeploymentSettings, settings: Settings) -> DeploymentSpec:
    """One deployment, with what the whole configuration says where it says nothing itself."""
    return DeploymentSpec(
        group=deployment.model_name,
        model=deployment.model,
        custom_llm_provider=deployment.custom_llm_provider,
        api_key=deployment.api_key,
        key_variable=deployment.variables.get("api_key"),
        api_base=deployment.api_base,
        api_version=deployment.api_version,
        organization=deployment.organization,
        weight=deployment.weight,
        rpm=deployment.rpm,
        tpm=deployment.tpm,
        timeout_s=deployment.timeout_s or settings.request_timeout_s,
        stream_timeout_s=deployment.stream_timeout_s or settings.stream_timeout_s,
        drop_params=settings.drop_params if deployment.drop_params is None else deployment.drop_params,
        strict=settings.strict,
        additional_drop_params=deployment.additional_drop_params,
        allowed_openai_params=deployment.allowed_openai_params,
        extra_headers=deployment.extra_headers,
        extra_body=deployment.extra_body,
        mock_response=deployment.mock_response,
        request_defaults=deployment.request_defaults,
        model_info=_model_info(deployment.model_info),
        tls=settings.ssl_verify if deployment.ssl_verify is None else deployment.ssl_verify,
        skip_bad_frames=settings.skip_bad_frames,
        order=deployment.order,
        tags=deployment.tags,
        max_parallel_requests=deployment.max_parallel_requests or settings.routing.default_max_parallel_requests,
        cooldown_s=deployment.cooldown_s,
        allowed_fails=deployment.allowed_fails,
        num_retries=deployment.num_retries,
    )


def _model_info(info: ModelInfoSettings) -> ModelInfo:
    return ModelInfo(
        id=info.id,
        mode=info.mode,
        dialects=info.dialects,
        base_model=None if info.base_model is None else _bare(info.base_model),
        max_tokens=info.max_tokens,
        max_input_tokens=info.max_input_tokens,
        max_output_tokens=info.max_output_tokens,
        supports=info.supports,
    )


def _bare(base_model: str) -> str:
    """The model without its provider's prefix, with which litellm's examples write it (`azure/gpt-4o`)."""
    provider, _, model = base_model.partition("/")
    return model if model and provider in PROVIDERS else base_model


def _mistake(location: str, message: str) -> Mistake:
    file, _, line = location.rpartition(":")
    return Mistake(file=file, line=int(line), message=message)
