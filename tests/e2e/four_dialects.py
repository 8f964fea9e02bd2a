"""The configuration of the end-to-end tests, in litellm's own words."""

MASTER_KEY = "sk-fg-master"


def four_dialects(base: str) -> str:
    """Every vendor behind a name of its own and behind a wildcard, and a few that cannot answer.

    Models below `chat/`, `responses/`, `messages/` and `gemini-api/` are reached in that dialect and no other.
    """
    return f"""
model_list:
  - model_name: gpt
    litellm_params: {{model: openai/gpt-4o, api_key: sk-up-openai, api_base: "{base}/v1"}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: sk-up-anthropic, api_base: "{base}"}}
  - model_name: gemini
    litellm_params: {{model: gemini/gemini-2.5-flash, api_key: sk-up-gemini, api_base: "{base}"}}
  - model_name: llama
    litellm_params: {{model: groq/llama-3.3-70b-versatile, api_key: sk-up-groq, api_base: "{base}/v1"}}
  - model_name: "openai/*"
    litellm_params: {{model: "openai/*", api_key: sk-up-openai, api_base: "{base}/v1"}}
  - model_name: "anthropic/*"
    litellm_params: {{model: "anthropic/*", api_key: sk-up-anthropic, api_base: "{base}"}}
  - model_name: "gemini/*"
    litellm_params: {{model: "gemini/*", api_key: sk-up-gemini, api_base: "{base}"}}
  - model_name: "chat/*"
    litellm_params: {{model: "hosted_vllm/*", api_key: sk-up-vllm, api_base: "{base}/v1"}}
    model_info: {{dialects: [openai_chat]}}
  - model_name: "responses/*"
    litellm_params: {{model: "openai/responses/*", api_key: sk-up-openai, api_base: "{base}/v1"}}
  - model_name: "messages/*"
    litellm_params: {{model: "anthropic/*", api_key: sk-up-anthropic, api_base: "{base}"}}
  - model_name: "gemini-api/*"
    litellm_params: {{model: "gemini/*", api_key: sk-up-gemini, api_base: "{base}"}}
  - model_name: unset
    litellm_params: {{model: openai/gpt-4o, api_key: "${{OPENAI_API_KEY:-}}"}}
  - model_name: dead
    litellm_params: {{model: openai/gpt-4o, api_key: sk-up, api_base: "http://127.0.0.1:9/v1"}}
  - model_name: echo
    litellm_params: {{model: echo/echo}}
litellm_settings: {{drop_params: true, num_retries: 0, request_timeout: 30}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {MASTER_KEY}}}
"""
