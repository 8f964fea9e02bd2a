"""The keys of `model_list`: litellm's names (litellm 1.109, `types/router.py` and its documentation, 2026-11)."""

from types import MappingProxyType
from typing import Final

from adapters.config import kinds
from adapters.config.routing_keys import ORDER, PARALLEL
from adapters.config.sections import Section, words

TOKEN_PRICES: Final = words("""input_cost_per_token output_cost_per_token cache_read_input_token_cost
cache_creation_input_token_cost output_cost_per_reasoning_token""")
"""US dollars for one token; in `litellm_params`, or in `model_info`."""
_OTHER_PRICES: Final = words("*_cost_per_* *_token_cost *_token_cost_* cost_per_* tiered_pricing off_peak_pricing")

REQUEST_PARAMETERS: Final = MappingProxyType(
    {
        # Numbers and booleans, so that text from the environment arrives as what the vendor expects.
        **dict.fromkeys(
            words("""temperature top_p min_p top_a typical_p presence_penalty frequency_penalty
            repetition_penalty length_penalty"""),
            kinds.Kind(expected="a number", read=kinds.number),
        ),
        **dict.fromkeys(
            words("""max_tokens max_completion_tokens max_output_tokens min_tokens n best_of seed random_seed top_k
            top_logprobs num_ctx num_predict num_gpu num_thread num_keep repeat_last_n mirostat prompt_logprobs
            dimensions max_tool_calls thinking_budget"""),
            kinds.Kind(expected="a whole number", read=kinds.integer),
        ),
        **dict.fromkeys(
            words("""logprobs parallel_tool_calls store echo safe_prompt return_images return_related_questions
            ignore_eos skip_special_tokens include_stop_str_in_output add_generation_prompt use_beam_search
            early_stopping enable_thinking include_server_side_tool_invocations return_citations think
            disable_search include_reasoning background"""),
            kinds.TRUTH,
        ),
        # Text, lists and mappings: sent as they are.
        **dict.fromkeys(
            words("""stop stop_sequences stream_options modalities prediction audio logit_bias user
            response_format tools tool_choice functions function_call reasoning_effort reasoning thinking
            web_search_options service_tier prompt_cache_key prompt_cache_retention safety_identifier verbosity
            metadata instructions truncation include text encoding_format voice size quality style
            system systemInstruction system_instruction generationConfig generation_config safetySettings
            safety_settings toolConfig cachedContent cached_content labels anthropic_version anthropic_beta betas
            mcp_servers container context_management inference_geo speed output_config output_format
            models provider providers route transforms plugins usage preset format options keep_alive raw template
            suffix truncate chat_template chat_template_kwargs guided_json guided_regex guided_choice
            guided_grammar guided_decoding_backend structured_outputs bad_words stop_token_ids documents
            search_mode search_domain_filter search_recency_filter search_context_size search_parameters
            prompt_mode citation_options deferred reasoning_format reasoning_history prompt_truncate_len
            context_length_exceeded_behavior repeat_penalty tfs_z mirostat_eta mirostat_tau compound_custom
            data_sources dataSources deployment_id task input_type image_config media_resolution
            thinking_config"""),
            None,
        ),
    }
)

DEPLOYMENT: Final = Section(
    name="model_list",
    acted_on=MappingProxyType(
        {"model_name": kinds.TEXT, "litellm_params": kinds.NESTED, "model_info": kinds.NESTED}
    ),
)

LITELLM_PARAMS: Final = Section(
    name="litellm_params",
    acted_on=MappingProxyType(
        {
            "model": kinds.TEXT,
            "custom_llm_provider": kinds.TEXT,
            "api_key": kinds.CREDENTIAL,
            "api_base": kinds.BASE_URL,
            "base_url": kinds.BASE_URL,
            "api_version": kinds.TEXT,
            "organization": kinds.TEXT,
            "weight": kinds.NUMBER,
            "rpm": kinds.COUNT,
            "tpm": kinds.COUNT,
            "timeout": kinds.SECONDS,
            "stream_timeout": kinds.SECONDS,
            "drop_params": kinds.TRUTH,
            "additional_drop_params": kinds.WORDS,
            "allowed_openai_params": kinds.WORDS,
            "extra_headers": kinds.HEADERS,
            "headers": kinds.HEADERS,
            "extra_body": kinds.OBJECT,
            "mock_response": kinds.PROSE,
            "ssl_verify": kinds.TLS,
            "order": ORDER,
            "tags": kinds.WORDS,
            "max_parallel_requests": PARALLEL,
            "num_retries": kinds.COUNT,
            "max_retries": kinds.COUNT,
            "cooldown_time": kinds.NUMBER,
            **dict.fromkeys(TOKEN_PRICES, kinds.NUMBER),
        }
    ),
    # Nothing is logged of a request's content; clients cannot bring their own credentials or addresses.
    harmless=words("""no-log verbose litellm_request_debug log_client_error_tracebacks
    disable_hf_tokenizer_download litellm_trace_id litellm_call_id configurable_clientside_auth_params
    allow_client_keepalive_override"""),
    unsupported=_OTHER_PRICES
    # Fallbacks of one deployment (its group has them), other ways to choose.
    | words("""retry_policy fallbacks max_fallbacks context_window_fallback_dict tag_regex enable_tag_filtering
    region_name allowed_model_region provider_affinity_header routing_strategy weights silent_model""")
    # The vendor's further quotas, which litellm uses to choose a deployment; it enforces them only where
    # optional_pre_call_checks says so, and that is refused.
    | words("itpm otpm tpd rpd daily_reset_time")
    # Other ways to authenticate and other vendors. Named here so that they are never sent as request parameters.
    | words("""azure_ad_token azure_ad_token_provider azure_scope azure_username azure_password tenant_id client_id
    client_secret aws_* vertex_* watsonx_* s3_* gcs_* bucket_name bedrock_tags anthropic_federation_*
    anthropic_organization_id anthropic_service_account_id anthropic_identity_* anthropic_issuer_*
    anthropic_keycloak_* anthropic_disable_workload_identity_federation openai_identity_* openai_service_account_id
    token_exchange_* litellm_credential_name use_xai_oauth chatgpt_auth_file github_copilot_* sap_* oci_* milvus_*
    valkey_* vector_store_id vector_bucket_name index_name embedding_model kubernetes_pod_discovery
    responses_api_version""")
    # Features of later versions.
    | words("""keepalive_seconds cache_control_injection_points merge_reasoning_content_in_choices
    use_chat_completions_api use_in_pass_through use_litellm_proxy default_headers extra_query stream
    timeout_by_service_tier stream_timeout_by_service_tier request_timeout force_timeout cache caching ttl
    model_info prompt_id prompt_variables prompt_label prompt_version prompt_environment mock_timeout mock_delay
    mock_tool_calls litellm_metadata litellm_system_prompt enable_json_schema_validation prompt_cache_min_tokens
    thought_signature_in_tool_call_id fireworks_forward_user_id disable_add_transform_inline_image_block
    max_file_size_mb auto_router_* complexity_router_* adaptive_router_* quality_router_* base_model data_residency
    drop_unsupported_params model_alias_map use_openai_responses_path""")
    # Prompt templates of text-completion models.
    | words("""initial_prompt_value roles final_prompt_value bos_token eos_token hf_model_name custom_prompt_dict
    supports_system_message ensure_alternating_roles user_continue_message assistant_continue_message"""),
    # A budget, a limit for each caller's key, a check of the content.
    restrictive=words("""max_budget budget_duration default_api_key_tpm_limit default_api_key_rpm_limit
    guardrails"""),
    extras=REQUEST_PARAMETERS,
)

_SUPPORTS: Final = words("""adaptive_thinking anthropic_compaction anthropic_thinking_payload assistant_prefill
    audio_input audio_output bedrock_converse_tool_result_images bedrock_native_structured_output
    bedrock_runtime_chat_completions_inline_reasoning bedrock_runtime_chat_completions_response_format
    bedrock_runtime_chat_completions_tools_with_reasoning box_questions computer_use
    embedding_image_input fast_mode file_search forced_tool_use function_calling image_input image_size
    legacy_thinking low_reasoning_effort max_reasoning_effort mid_conversation_system
    minimal_reasoning_effort multimodal native_streaming native_structured_output none_reasoning_effort
    nova_canvas_image_edit output_config parallel_function_calling parallel_tool_use_config pdf_input
    prompt_cache_breakpoint prompt_caching reasoning regex_lookaround response_schema sampling_params
    service_tier speed strict_tools system_messages thinking_cache_preservation tool_choice tool_search
    url_context video_input vision web_search xhigh_reasoning_effort""")

MODEL_INFO: Final = Section(
    name="model_info",
    acted_on=MappingProxyType(
        {
            "id": kinds.TEXT,
            "mode": kinds.TEXT,
            "dialects": kinds.WORDS,
            "base_model": kinds.TEXT,
            "max_tokens": kinds.COUNT,
            "max_input_tokens": kinds.COUNT,
            "max_output_tokens": kinds.COUNT,
            "cooldown_time": kinds.NUMBER,
            "allowed_fails": kinds.COUNT,
            **dict.fromkeys(TOKEN_PRICES, kinds.NUMBER),
            **{f"supports_{what}": kinds.TRUTH for what in _SUPPORTS},
        }
    ),
    # Notes about the model, and what belongs to litellm's database.
    harmless=words("""db_model created_at created_by updated_at updated_by version description name notes
    litellm_provider provider tags tier key supported_openai_params supported_endpoints supported_modalities
    supported_output_modalities supported_regions source deprecation_date comment metadata"""),
    # Other prices and health checks come with later versions. `access_groups`, `team_public_model_name` and
    # the like only widen what a virtual key may call; there are no virtual keys, so their absence opens nothing.
    unsupported=_OTHER_PRICES
    | words("""access_groups team_public_model_name allowed_fails_policy allow_fail_open enable_tag_filtering
    disable_background_health_check health_check_* ptu_* pricing_provider
    custom_tokenizer member_auto_router internal_router_model max_embedding_batch_size output_vector_size
    prompt_cache_min_tokens rpm tpm use_openai_responses_path regional_processing_uplift_* provider_specific_entry
    adaptive_router_* thinking_always_on reasoning_effort_levels
    reasoning_modes reasoning_contexts default_reasoning_effort supported_audio_formats vertex_ai_audio_api
    bedrock_* token_count_* regional_endpoint_uplift_* web_search_billing_unit search_free_requests
    uses_embed_content"""),
    unless_true=words("discoverable"),
    # Who may call the model, when, and for what.
    restrictive=words("blocked team_id access_windows enforce_supported_endpoints"),
)
