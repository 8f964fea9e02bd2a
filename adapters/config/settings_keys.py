"""The keys of all sections but `model_list`: litellm's (1.109 and its documentation, 2026-11), and ours."""

from types import MappingProxyType
from typing import Final

from adapters.config import kinds
from adapters.config.routing_keys import PARALLEL, ROUTER, ROUTER_CHOICES, SHARED
from adapters.config.sections import Choices, Section, Tier, words

# Callbacks that look at the content or the caller and may refuse; a dotted name is a Python hook, which may too.
_GUARDING_CALLBACKS: Final = words("""*.* *guard* *moderation* presidio hide_secrets lakera* aporia* azure_content*
banned_keywords blocked_user_check detect_prompt_injection *injection* max_budget_limiter max_parallel_requests*
dynamic_rate_limiter* batch_rate_limiter parallel_request_limiter* cache_control_check managed_files
llmguard* google_text_moderation openai_moderations pangea* lasso* aim* bedrock_guardrails""")
_LOGGING: Final = Choices(harmless=words("prometheus"), others=Tier.UNSUPPORTED)

LITELLM_SETTINGS: Final = Section(
    name="litellm_settings",
    acted_on=MappingProxyType(
        {
            **SHARED,
            "drop_params": kinds.TRUTH,
            "set_verbose": kinds.TRUTH,
            "json_logs": kinds.TRUTH,
            "request_timeout": kinds.SECONDS,
            "ssl_verify": kinds.TLS,
            "require_auth_for_metrics_endpoint": kinds.TRUTH,
        }
    ),
    # Nothing is phoned home; no content, key or caller is logged; no tokenizer is fetched; litellm's own switches.
    harmless=words("""telemetry turn_off_message_logging redact_user_api_key_info disable_hf_tokenizer_download
    redact_messages_in_exceptions suppress_debug_info suppress_startup_output disable_streaming_logging
    disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only disable_token_counter
    enable_end_user_cost_tracking_prometheus_only disable_aiohttp_transport disable_aiohttp_trust_env
    use_aiohttp_transport aiohttp_trust_env disable_copilot_system_to_assistant enable_preview_features
    disable_add_transform_inline_image_block in_memory_llm_clients_cache log_raw_request_response
    safe_memory_mode user_url_validation user_url_allowed_hosts provider_url_destination_allowed_hosts
    allow_dynamic_callback_disabling global_disable_no_log_param model_cost_map_url blog_posts_url
    anthropic_beta_headers_url expose_router_debug_in_errors disable_add_user_agent_to_request_tags
    enable_azure_ad_token_refresh max_ui_session_budget default_soft_budget enable_redis_auth_cache
    skip_system_message_in_guardrail skip_tool_message_in_guardrail enable_key_alias_format_validation
    key_alias_pattern log_client_error_tracebacks log_auth_failure_key_identity"""),
    unsupported=words("""cache cache_params caching caching_with_models default_in_memory_ttl default_redis_ttl
    default_redis_batch_cache_expiry enable_caching_on_provider_specific_optional_params""")
    | words("""modify_params force_ipv4 ssl_certificate ssl_security_level ssl_ecdh_curve network_mock
    sse_keepalive_ping_interval_seconds include_cost_in_streaming_usage enable_json_schema_validation headers
    model_group_settings return_response_headers forward_traceparent_to_llm_provider budget_exceeded_status_code
    budget_exceeded_throttle_percentage budget_rollover enable_anthropic_prompt_caching
    anthropic_prompt_caching_ttl anthropic_sse_ping_interval_seconds merge_reasoning_content_in_choices
    disable_stop_sequence_limit reasoning_auto_summary reasoning_effort_rounding model_alias_map
    route_all_chat_openai_to_responses use_chat_completions_url_for_anthropic_messages use_litellm_proxy
    vertex_ai_safety_settings openai_system_messages_first filter_invalid_headers custom_prompt_dict
    enable_gemini_default_thinking_level_low gemini_include_thoughts_default modify_messages
    add_function_to_prompt add_user_information_to_llm_headers store_audit_logs request_correlation_in_logs
    num_retries_per_request model_cost_map api_key api_base api_version organization max_tokens model_fallbacks
    responses enable_loadbalancing_on_batch_endpoints disable_anthropic_gemini_context_caching_transform""")
    # Settings of callbacks, and of vendors and features that later versions bring.
    | words("""langfuse_* langsmith_* argilla_* datadog_* newrelic_params prometheus_* custom_prometheus_*
    generic_logger_headers logged_real_time_event_types s3_* gcs_* aws_sqs_callback_params zerobus_params otel_*
    cold_storage_custom_logger standard_logging_payload_excluded_fields extra_spend_tag_headers email
    audit_log_callbacks batch_line_item_callbacks dynamodb_table_name callback_settings pointfive_params
    global_bitbucket_config global_gitlab_config global_prompt_directory custom_provider_map mcp_* public_*
    openai_moderations_model_name llamaguard_* llm_guard_mode presidio_* output_parse_pii
    google_moderation_confidence_threshold vertex_project vertex_location *_key cost_discount_config
    cost_margin_config tag_budget_config* credential_list secret_manager_client vector_store_* scim_*
    *_interception_params azure_content_safety_params prompt_injection_params autorouter_presets_url
    bedrock_* transcribe_models""")
    # Keys, users and teams cannot be made here, so none of their defaults and bounds can be passed by.
    | words("""key_generation_settings upperbound_key_generate_params default_key_generate_params
    default_internal_user_params default_team_params default_team_settings internal_user_budget_duration
    default_key_max_budget_alert_emails personal_key_model_access_from_teams"""),
    # Budgets, limits, and what refuses callers or content.
    restrictive=words("""max_budget budget_duration max_user_budget max_end_user_budget max_end_user_budget_id
    max_internal_user_budget default_max_internal_user_budget tag_budget_config priority_reservation
    priority_reservation_settings guardrails pre_call_rules post_call_rules banned_keywords_list blocked_user_list
    block_requests_for_models_without_pricing validate_end_user_id_in_db require_managed_files"""),
    choices=MappingProxyType(
        {
            "callbacks": Choices(
                harmless=words("prometheus"), restrictive=_GUARDING_CALLBACKS, others=Tier.UNSUPPORTED
            ),
            "success_callback": _LOGGING,
            "failure_callback": _LOGGING,
            "input_callback": _LOGGING,
            "service_callback": _LOGGING,
            "service_callbacks": _LOGGING,
        }
    ),
)

ROUTER_SETTINGS: Final = Section(
    name="router_settings",
    acted_on=MappingProxyType(
        {
            **ROUTER,
            "timeout": kinds.SECONDS,
            "stream_timeout": kinds.SECONDS,
            "model_group_alias": kinds.NESTED,
        }
    ),
    # A broken deployment is refused at start, never left out in silence.
    harmless=words("""ignore_invalid_deployments set_verbose debug_level client_ttl router_general_settings
    polling_interval"""),
    unsupported=words("""routing_strategy_args routing_groups enable_pre_call_check tag_routing_prefix
    default_litellm_params enable_weighted_failover weights default_priority deployment_affinity_ttl_seconds
    model_group_affinity_config enable_health_check_routing health_check_staleness_threshold
    health_check_ignore_transient_errors fallback_on_unsupported_params redis_* cache_responses cache_kwargs
    caching_groups alerting_config assistants_config search_tools plugins"""),
    restrictive=words("provider_budget_config guardrail_list"),
    choices=ROUTER_CHOICES,
)

GENERAL_SETTINGS: Final = Section(
    name="general_settings",
    acted_on=MappingProxyType(
        {
            "master_key": kinds.CREDENTIAL,
            "litellm_key_header_name": kinds.HEADER_NAME,
            "max_request_size_mb": kinds.MEGABYTES,
            "max_response_size_mb": kinds.MEGABYTES,
        }
    ),
    # The console, its logins and its spend logs; MCP, agents, vector stores and the database's upkeep:
    # none of them is here, so nothing is let through that these keys would stop. Failures that a caller asks for
    # concern nobody else.
    harmless=words("""dangerously_allow_mock_testing_request_params disable_spend_logs
    disable_spend_updates disable_master_key_return disable_reset_budget
    disable_adding_master_key_hash_to_db disable_prisma_schema_update disable_model_info_refresh litellm_license
    disable_retry_on_max_parallel_request_limit_error disable_budget_reservation disable_custom_api_keys
    disable_env_credential_login disable_password_login_when_sso_enabled disable_key_generate_for_org_admin
    disable_auto_add_proxy_admin_to_teams disable_requester_ip_address_logging disable_responses_id_security
    allow_unmanaged_response_ids store_prompts_in_spend_logs spend_logs_metadata_fields use_spend_logs_partitioning
    maximum_spend_logs_retention_period maximum_spend_logs_retention_interval maximum_spend_logs_size
    maximum_spend_logs_cleanup_target_size maximum_spend_logs_size_check_interval maximum_spend_logs_cleanup_cron
    maximum_spend_logs_cleanup_batch_size maximum_spend_logs_cleanup_max_batches
    maximum_spend_logs_cleanup_run_budget maximum_spend_logs_cleanup_batch_timeout
    maximum_health_check_retention_period maximum_daily_tag_spend_retention_period
    maximum_autorouter_session_retention_period proxy_batch_write_at proxy_batch_polling_interval
    proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time proxy_config_reload_interval_seconds
    database_type database_args database_connection_pool_limit database_connection_pool_timeout
    database_connection_timeout database_connect_timeout database_socket_timeout
    database_max_idle_connection_lifetime database_extra_connection_params database_disable_prepared_statements
    allow_requests_on_db_unavailable use_redis_transaction_buffer user_api_key_cache_ttl
    user_api_key_cache_max_size scheduled_job_stagger spend_capture_rate_check track_unmanaged_batch_cost
    ui_access_mode password_policy_min_length password_policy_require_uppercase
    password_policy_require_lowercase password_policy_require_numbers password_policy_check_breached_passwords
    password_policy_require_special_characters max_failed_login_attempts_per_source hide_default_credentials_hint
    max_failed_login_attempts_per_source_overrides failed_login_window_seconds failed_login_block_seconds
    auto_redirect_ui_login_to_sso allow_cli_sso_verification_uri_complete custom_sso custom_ui_sso_sign_in_handler
    user_mcp_management_mode mcp_internal_ip_ranges mcp_advertised_versions mcp_disabled_capabilities
    mcp_allowed_clients mcp_require_explicit_server_scope mcp_client_id_header mcp_trusted_proxy_ranges
    mcp_xff_num_trusted_hops mcp_prefer_client_id_metadata_document mcp_required_fields
    mcp_client_side_auth_header_name mcp_session_token_signing mcp_allow_all_keys_respects_mcp_scope
    require_key_mcp_access_defined require_end_user_mcp_access_defined enable_mcp_registry
    agent_access_default_deny vector_store_deny_by_default search_tool_deny_by_default user_url_validation
    user_url_allowed_hosts provider_url_destination_allowed_hosts
    disable_batch_input_file_rate_limiting skip_batch_input_file_rate_limiting_for_models
    skip_batch_input_file_rate_limiting_for_providers disable_bedrock_agent_runtime_passthrough
    enforce_fallback_model_access disable_fallbacks_on_per_model_rate_limits token_rate_limit_type
    fail_closed_rate_limit_enforcement fail_closed_budget_enforcement apply_user_budget_to_team_keys
    expose_fallback_errors_to_caller claude_code_marketplace_auth_required enable_public_model_hub
    allow_public_health_readiness_details transcribe_media_buckets passthrough_managed_object_ids"""),
    # Later versions. The database holds virtual keys, users and budgets: without it only the master key opens
    # anything, which is stricter. `public_routes`, pass-through and forwarding only widen. Keys, teams and users
    # cannot be made, so the rules of their making cannot be passed by. Web pages of other origins may call only
    # where feathergate.cors_origins names them. Files are taken in only where feathergate.data_dir is set, and are
    # bounded by feathergate.limits.max_upload_mb.
    unsupported=words("""max_batch_file_size_mb max_batch_file_records max_batch_file_uploads_per_day
    max_file_size_mb max_file_downloads_per_minute allowed_file_extensions blocked_file_extensions
    cors_allow_origins cors_allow_credentials cors_allow_methods cors_allow_headers
    database_url store_model_in_db supported_db_objects completion_model embedding_model
    image_generation_model moderation_model infer_model_from_keys background_health_checks health_check_interval
    health_check_details health_check_concurrency health_check_skip_disabled_background_models
    background_health_check_model_groups enable_health_check_routing health_check_staleness_threshold
    health_check_ignore_transient_errors use_shared_health_check model_list_healthy_only return_wildcard_routes
    alerting alert_types alert_type_config alert_to_webhook_url alerting_args alerting_threshold
    spend_report_frequency otel tracing public_routes pass_through_endpoints pass_through_request_timeout
    use_client_credentials_pass_through_routes enable_openai_websocket_passthrough
    vertex_ai_pass_through_drop_anthropic_betas responses_websocket_session_limit_seconds
    forward_client_headers_to_llm_api forward_openai_org_id forward_llm_provider_auth_headers
    allow_client_side_credentials allow_user_auth always_include_stream_usage include_call_id_in_error_body
    enable_drain_endpoint drain_endpoint_token user_header_name user_header_mappings request_tag_mappings
    key_management_system key_management_settings use_google_kms use_azure_key_vault coordination_redis
    use_x_forwarded_for trusted_proxy_ranges dangerously_permit_weak_or_unset_master_key control_plane_url
    enable_claude_code_gateway claude_code_gateway_managed_settings plugins search_tools custom_key_generate
    custom_key_update custom_key_policy custom_team_metadata_validate team_metadata_schema
    team_metadata_validation_error_message team_metadata_validation_timeout default_team_disabled
    self_serve_budget_policy use_team_public_model_name accounting_capture accounting_sync_ack
    accounting_sync_ack_timeout_seconds accounting_sync_ack_failure_policy"""),
    # A caller who leaves cancels the upstream, always.
    unless_true=words("cancel_on_disconnect"),
    # Who may call, from where, which routes, with what, and how much at once.
    restrictive=words("""custom_auth custom_auth_run_common_checks enable_jwt_auth litellm_jwtauth
    enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings enforce_rbac role_permissions
    service_account_settings allowed_ips allowed_routes admin_only_routes enforce_user_param enforced_params
    reject_clientside_metadata_tags max_parallel_requests global_max_parallel_requests
    max_in_flight_requests_per_worker max_queued_requests_per_worker admission_queue_timeout_seconds"""),
    choices=MappingProxyType(
        {
            "missing_session_id": Choices(
                harmless=words("omit"), unsupported=words("generate"), restrictive=words("reject")
            )
        }
    ),
)

FEATHERGATE: Final = Section(
    name="feathergate",
    acted_on=MappingProxyType(
        {
            "strict": kinds.TRUTH,
            "cors_origins": kinds.ORIGINS,
            "log_format": kinds.one_of("console", "json"),
            "log_level": kinds.one_of("debug", "info", "warning", "error"),
            "data_dir": kinds.TEXT,
            "limits": kinds.NESTED,
            "routing": kinds.NESTED,
        }
    ),
)

LIMITS: Final = Section(
    name="feathergate.limits",
    acted_on=MappingProxyType(
        {
            "connect_timeout_s": kinds.SECONDS,
            "first_byte_timeout_s": kinds.SECONDS,
            "idle_timeout_s": kinds.SECONDS,
            "total_timeout_s": kinds.SECONDS,
            "max_response_mb": kinds.MEGABYTES,
            "max_upload_mb": kinds.MEGABYTES,
            "batch_concurrency": PARALLEL,
        }
    ),
)

MODEL_GROUP_ALIAS: Final = Section(
    name="model_group_alias",
    acted_on=MappingProxyType({"model": kinds.TEXT, "hidden": kinds.TRUTH}),
)
