"""Every section by its name, and every key that litellm or this gateway knows."""

from types import MappingProxyType
from typing import Final

from adapters.config.deployment_keys import DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO
from adapters.config.kinds import NESTED
from adapters.config.routing_keys import ALLOWED_FAILS_POLICY, HEDGING, RETRY_POLICY, ROUTING
from adapters.config.sections import Section, words
from adapters.config.settings_keys import (
    FEATHERGATE,
    GENERAL_SETTINGS,
    LIMITS,
    LITELLM_SETTINGS,
    MODEL_GROUP_ALIAS,
    ROUTER_SETTINGS,
)

TOP_LEVEL: Final = Section(
    name="the configuration",
    acted_on=MappingProxyType(
        dict.fromkeys(
            words("""model_list litellm_settings router_settings general_settings environment_variables feathergate
            include"""),
            NESTED,
        )
    ),
    unsupported=words("""credential_list callback_settings files_settings finetune_settings default_vertex_config
    assistant_settings search_tools sandbox_tools vector_store_registry mcp_servers mcp_tools agent_list agents
    prompts plugins worker_registry pass_through_endpoints classifier_plugin"""),
    # What looks at the content, and who may do what.
    restrictive=words("guardrails policies policy_attachments"),
)

NAMED_SECTIONS: Final = MappingProxyType(
    {
        section.name: section
        for section in (LITELLM_SETTINGS, ROUTER_SETTINGS, GENERAL_SETTINGS, FEATHERGATE, LIMITS, ROUTING, HEDGING)
    }
)

ALL_SECTIONS: Final = (
    TOP_LEVEL,
    DEPLOYMENT,
    LITELLM_PARAMS,
    MODEL_INFO,
    *NAMED_SECTIONS.values(),
    MODEL_GROUP_ALIAS,
    RETRY_POLICY,
    ALLOWED_FAILS_POLICY,
)


def home_of(key: str) -> str | None:
    """The first section that knows a key, for one that stands in the wrong place."""
    return next((section.name for section in ALL_SECTIONS if key in section.known), None)
