"""OpenAI-compatible providers, one row each: prefixes and variables spelled as litellm spells them (2026-11)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.credentials import ApiKey
from adapters.providers.spec import (
    MESSAGES,
    RESPONSES,
    EndpointMaker,
    ProviderSpec,
    WireSpec,
    at,
    chat_completions,
)

_COMMON: Final = ChatQuirks(max_tokens_field="max_tokens", developer_role=False, custom_tools=False)
"""What nearly every compatible server takes: the older name of the limit, no `developer`, functions only."""

_MODERN: Final = replace(_COMMON, max_tokens_field="max_completion_tokens")
_OPEN_WEIGHTS: Final = replace(_COMMON, top_k=True)
_REPLAYED: Final = replace(_COMMON, returns_reasoning=True)

Also: TypeAlias = Literal["responses", "completions"]
"""What a provider documents beside Chat Completions: Responses, the older API that continues texts."""

_NOT_RENAMED: Final[Mapping[str, str]] = MappingProxyType({})
_NO_LOGPROBS: Final = frozenset({"logprobs", "top_logprobs", "logit_bias"})
_NOT_MISTRAL: Final = _NO_LOGPROBS | frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "modalities",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
        "verbosity",
        "web_search_options",
    }
)


def _wires(quirks: ChatQuirks, renames: Mapping[str, str], also: tuple[Also, ...]) -> tuple[WireSpec, ...]:
    """Chat Completions for everybody, Responses where it is documented; what else the operator knows of."""
    responses = replace(RESPONSES, on_request="responses" not in also)
    return (chat_completions(quirks, renames), responses, MESSAGES)


def _hosted(
    name: str,
    base_url: str,
    documentation: str,
    *keys: str,
    quirks: ChatQuirks = _COMMON,
    bases: tuple[str, ...] = (),
    renames: Mapping[str, str] = _NOT_RENAMED,
    also: tuple[Also, ...] = (),
    gateway: bool = False,
) -> ProviderSpec:
    """A service that asks for a key; its variables are `{NAME}_API_KEY` and `{NAME}_API_BASE` unless named."""
    stem = name.upper()
    return ProviderSpec(
        name=name,
        documentation=documentation,
        base_url=base_url,
        base_variables=bases or (f"{stem}_API_BASE",),
        credentials=ApiKey(variables=keys or (f"{stem}_API_KEY",)),
        wires=_wires(quirks, renames, also),
        embeddings=at("/embeddings"),
        completions=at("/completions") if "completions" in also else None,
        gateway=gateway,
    )


def _local(
    name: str,
    base_url: str | None,
    documentation: str,
    *,
    quirks: ChatQuirks = _OPEN_WEIGHTS,
    also: tuple[Also, ...] = ("completions",),
    gateway: bool = False,
) -> ProviderSpec:
    """A server of the operator's own: no key is needed, one that is given is sent."""
    stem = name.upper()
    return ProviderSpec(
        name=name,
        documentation=documentation,
        base_url=base_url,
        base_variables=(f"{stem}_API_BASE",),
        credentials=ApiKey(variables=(f"{stem}_API_KEY",)),
        key_required=False,
        wires=_wires(quirks, _NOT_RENAMED, also),
        embeddings=at("/embeddings"),
        completions=at("/completions") if "completions" in also else None,
        gateway=gateway,
    )


def _versioned_at(suffix: str) -> EndpointMaker:
    return lambda base, _spec, _environment: base.versioned().always(suffix)


def _ollama(name: str) -> ProviderSpec:
    """Its base is customarily given without `/v1`."""
    return ProviderSpec(
        name=name,
        documentation="https://docs.ollama.com/api/openai-compatibility",
        base_url="http://localhost:11434",
        base_variables=("OLLAMA_API_BASE",),
        credentials=ApiKey(variables=("OLLAMA_API_KEY",)),
        key_required=False,
        wires=(
            WireSpec(dialect=OpenAIChat(_COMMON), endpoint=_versioned_at("/chat/completions")),
            replace(RESPONSES, endpoint=_versioned_at("/responses")),
            replace(MESSAGES, endpoint=_versioned_at("/messages")),
        ),
        embeddings=_versioned_at("/embeddings"),
        completions=_versioned_at("/completions"),
    )


COMPATIBLE: Final = (
    _hosted("aiml", "https://api.aimlapi.com/v1", "https://docs.aimlapi.com", "AIML_API_KEY", "AIMLAPI_KEY"),
    _hosted(
        "anyscale",
        "https://api.endpoints.anyscale.com/v1",
        "https://docs.anyscale.com/llm/serving",
        also=("completions",),
    ),
    _hosted("baseten", "https://inference.baseten.co/v1", "https://docs.baseten.co/inference/model-apis/overview"),
    _hosted(
        "cerebras",
        "https://api.cerebras.ai/v1",
        "https://inference-docs.cerebras.ai/resources/openai",
        quirks=replace(_MODERN, unsupported=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"})),
        also=("completions",),
    ),
    _hosted(
        "codestral",
        "https://codestral.mistral.ai/v1",
        "https://docs.mistral.ai/api",
        quirks=replace(_COMMON, stream_usage=False, unsupported=_NOT_MISTRAL),
        renames=MappingProxyType({"seed": "random_seed"}),
    ),
    _hosted(
        "cometapi",
        "https://api.cometapi.com/v1",
        "https://api.cometapi.com/doc",
        "COMETAPI_KEY",
        "COMETAPI_API_KEY",
        bases=("COMETAPI_API_BASE", "COMETAPI_BASE_URL"),
    ),
    _hosted(
        "dashscope",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        quirks=_OPEN_WEIGHTS,
    ),
    _hosted(
        "deepinfra",
        "https://api.deepinfra.com/v1/openai",
        "https://deepinfra.com/docs/openai_api",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted(
        "deepseek",
        "https://api.deepseek.com/beta",
        "https://api-docs.deepseek.com",
        quirks=_REPLAYED,
        also=("completions",),
    ),
    _hosted(
        "featherless_ai",
        "https://api.featherless.ai/v1",
        "https://featherless.ai/docs/completions",
        "FEATHERLESS_AI_API_KEY",
        "FEATHERLESS_API_KEY",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted(
        "fireworks_ai",
        "https://api.fireworks.ai/inference/v1",
        "https://docs.fireworks.ai/api-reference/post-chatcompletions",
        "FIREWORKS_API_KEY",
        "FIREWORKS_AI_API_KEY",
        "FIREWORKSAI_API_KEY",
        "FIREWORKS_AI_TOKEN",
        bases=("FIREWORKS_API_BASE",),
        quirks=_OPEN_WEIGHTS,
        also=("responses", "completions"),
    ),
    _hosted(
        "friendliai",
        "https://api.friendli.ai/serverless/v1",
        "https://friendli.ai/docs/guides/serverless_endpoints/openai-compatibility",
        "FRIENDLIAI_API_KEY",
        "FRIENDLI_TOKEN",
        bases=("FRIENDLI_API_BASE",),
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted("galadriel", "https://api.galadriel.com/v1", "https://docs.galadriel.com"),
    _hosted(
        "github",
        "https://models.inference.ai.azure.com",
        "https://docs.github.com/en/rest/models/inference",
        quirks=ChatQuirks(),
    ),
    _hosted(
        "groq",
        "https://api.groq.com/openai/v1",
        "https://console.groq.com/docs/openai",
        quirks=replace(_MODERN, unsupported=_NO_LOGPROBS),
        also=("responses",),
    ),
    _hosted(
        "huggingface",
        "https://router.huggingface.co/v1",
        "https://huggingface.co/docs/inference-providers",
        "HUGGINGFACE_API_KEY",
        "HF_TOKEN",
        also=("responses",),
    ),
    _hosted(
        "hyperbolic",
        "https://api.hyperbolic.xyz/v1",
        "https://docs.hyperbolic.xyz/docs/rest-api",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted("inception", "https://api.inceptionlabs.ai/v1", "https://docs.inceptionlabs.ai"),
    _hosted(
        "lambda_ai",
        "https://api.lambda.ai/v1",
        "https://docs.lambda.ai/public-cloud/lambda-inference-api",
        "LAMBDA_API_KEY",
        bases=("LAMBDA_API_BASE",),
    ),
    _hosted(
        "meta_llama",
        "https://api.llama.com/compat/v1",
        "https://llama.developer.meta.com/docs",
        "LLAMA_API_KEY",
        bases=("LLAMA_API_BASE",),
        quirks=_MODERN,
    ),
    _hosted("minimax", "https://api.minimax.io/v1", "https://platform.minimax.io/docs"),
    _hosted(
        "mistral",
        "https://api.mistral.ai/v1",
        "https://docs.mistral.ai/api/endpoint/chat",
        quirks=replace(_COMMON, stream_usage=False, unsupported=_NOT_MISTRAL),
        renames=MappingProxyType({"seed": "random_seed"}),
    ),
    _hosted("moonshot", "https://api.moonshot.ai/v1", "https://platform.moonshot.ai/docs", quirks=_REPLAYED),
    _hosted("morph", "https://api.morphllm.com/v1", "https://docs.morphllm.com/quickstart"),
    _hosted(
        "nebius",
        "https://api.studio.nebius.ai/v1",
        "https://docs.nebius.com/studio/inference/api",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted(
        "novita",
        "https://api.novita.ai/v3/openai",
        "https://novita.ai/docs/guides/llm-api",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted("nscale", "https://inference.api.nscale.com/v1", "https://docs.nscale.com/api-reference"),
    _hosted(
        "nvidia_nim",
        "https://integrate.api.nvidia.com/v1",
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
        also=("completions",),
    ),
    _hosted(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "https://openrouter.ai/docs/api-reference/chat-completion",
        quirks=replace(_OPEN_WEIGHTS, developer_role=True, returns_reasoning=True, cache_hints="cache_control"),
        gateway=True,
        also=("responses", "completions"),
    ),
    _hosted("ovhcloud", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", "https://endpoints.ai.cloud.ovh.net"),
    _hosted(
        "perplexity",
        "https://api.perplexity.ai",
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        "PERPLEXITYAI_API_KEY",
        "PERPLEXITY_API_KEY",
        quirks=replace(_COMMON, stream_usage=False, top_k=True),
    ),
    _hosted("sambanova", "https://api.sambanova.ai/v1", "https://docs.sambanova.ai", quirks=_OPEN_WEIGHTS),
    _hosted(
        "scaleway",
        "https://api.scaleway.ai/v1",
        "https://www.scaleway.com/en/docs/generative-apis",
        "SCW_SECRET_KEY",
    ),
    _hosted(
        "together_ai",
        "https://api.together.ai/v1",
        "https://docs.together.ai/docs/openai-api-compatibility",
        "TOGETHER_API_KEY",
        "TOGETHER_AI_API_KEY",
        "TOGETHERAI_API_KEY",
        "TOGETHER_AI_TOKEN",
        quirks=_OPEN_WEIGHTS,
        also=("completions",),
    ),
    _hosted("v0", "https://api.v0.dev/v1", "https://v0.dev/docs/v0-model-api"),
    _hosted("veniceai", "https://api.venice.ai/api/v1", "https://docs.venice.ai", "VENICE_AI_API_KEY"),
    _hosted(
        "vercel_ai_gateway",
        "https://ai-gateway.vercel.sh/v1",
        "https://vercel.com/docs/ai-gateway",
        "VERCEL_AI_GATEWAY_API_KEY",
        "VERCEL_OIDC_TOKEN",
        quirks=ChatQuirks(),
        gateway=True,
        also=("responses",),
    ),
    _hosted(
        "volcengine",
        "https://ark.cn-beijing.volces.com/api/v3",
        "https://www.volcengine.com/docs/82379",
        "VOLCENGINE_API_KEY",
        "ARK_API_KEY",
    ),
    _hosted("wandb", "https://api.inference.wandb.ai/v1", "https://docs.wandb.ai/inference"),
    _hosted(
        "xai",
        "https://api.x.ai/v1",
        "https://docs.x.ai/docs/api-reference",
        quirks=replace(_MODERN, developer_role=True),
        also=("responses", "completions"),
    ),
    _hosted(
        "zai",
        "https://api.z.ai/api/paas/v4",
        "https://docs.z.ai/api-reference/llm/chat-completion",
        quirks=_REPLAYED,
    ),
    _ollama("ollama"),
    _ollama("ollama_chat"),
    _local(
        "docker_model_runner",
        "http://localhost:12434/engines/v1",
        "https://docs.docker.com/ai/model-runner/api-reference",
    ),
    _local(
        "hosted_vllm",
        None,
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server",
        quirks=replace(_OPEN_WEIGHTS, returns_reasoning=True),
        also=("responses", "completions"),
    ),
    _local("lemonade", "http://localhost:8000/api/v1", "https://lemonade-server.ai/docs/server/server_spec"),
    _local(
        "litellm_proxy",
        None,
        "https://docs.litellm.ai/docs/providers/litellm_proxy",
        quirks=ChatQuirks(),
        gateway=True,
        also=("responses", "completions"),
    ),
    _local("llamafile", "http://127.0.0.1:8080/v1", "https://github.com/mozilla-ai/llamafile"),
    _local(
        "lm_studio",
        "http://localhost:1234/v1",
        "https://lmstudio.ai/docs/developer/openai-compat",
        also=("responses", "completions"),
    ),
    _local("xinference", None, "https://inference.readthedocs.io/en/latest/user_guide/client_api"),
    _local(
        "openai_like",
        None,
        "https://docs.litellm.ai/docs/providers/openai_compatible",
        quirks=_OPEN_WEIGHTS,
        gateway=True,
        also=(),
    ),
    _local(
        "custom_openai",
        None,
        "https://docs.litellm.ai/docs/providers/openai_compatible",
        quirks=ChatQuirks(),
        gateway=True,
        also=(),
    ),
)
