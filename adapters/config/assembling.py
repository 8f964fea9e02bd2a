"""From the located tree to the plain values that the settings are built from."""

from collections.abc import Mapping

from adapters.config.checking import Checked, check_section, is_null
from adapters.config.deployment_keys import DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO, TOKEN_PRICES
from adapters.config.keys import TOP_LEVEL
from adapters.config.mistakes import Findings, Location
from adapters.config.naming import Names
from adapters.config.nodes import Items, Node, Scalar, Table
from adapters.config.routing import RoutingSections, assemble_routing
from adapters.config.routing_keys import ROUTING
from adapters.config.sections import Section
from adapters.config.settings import MEBIBYTE
from adapters.config.settings_keys import (
    FEATHERGATE,
    GENERAL_SETTINGS,
    LIMITS,
    LITELLM_SETTINGS,
    MODEL_GROUP_ALIAS,
    ROUTER_SETTINGS,
)
from adapters.config.spelling import nearest
from domain.json_types import JSON

_RENAMED = {"timeout": "timeout_s", "stream_timeout": "stream_timeout_s", "cooldown_time": "cooldown_s"}
_INFO_OF_ROUTING = {"cooldown_time": "cooldown_s", "allowed_fails": "allowed_fails"}
"""Keys of `model_info` that are about the deployment, not the model, with the fields they end up in."""
_SUPPORTS = "supports_"


def assemble(config: Table, findings: Findings) -> dict[str, JSON]:
    """The values of `Settings`, by its field names; secrets are still plain text in it.

    Every mistake is noted in `findings`; with mistakes the result is incomplete.
    """
    _check_top_level(config, findings)
    deployments = _deployments(config, findings)
    router = check_section(config.get("router_settings"), ROUTER_SETTINGS, findings=findings)
    litellm = check_section(config.get("litellm_settings"), LITELLM_SETTINGS, findings=findings)
    general = check_section(config.get("general_settings"), GENERAL_SETTINGS, findings=findings)
    own = check_section(config.get("feathergate"), FEATHERGATE, findings=findings)
    aliases = router.values.get("model_group_alias")
    groups = Names.of(name for deployment in deployments if isinstance(name := deployment["model_name"], str))
    own_routing = check_section(own.values.get("routing"), ROUTING, findings=findings)
    sections = RoutingSections(litellm=litellm, router=router, own=own_routing)
    values: dict[str, JSON] = {
        "deployments": deployments,
        "aliases": _aliases(aliases, groups, findings=findings),
        "routing": assemble_routing(sections, _callable_names(groups, aliases, deployments), findings),
        "skip_bad_frames": _skips_bad_frames(own_routing),
        **_calls(litellm.values, router.values),
        **_access(config, litellm, general=general, findings=findings),
        **_logs(litellm.values, own.values),
        "limits": _limits(general.values, own.values, findings=findings),
        "strict": own.values.get("strict"),
        "cors_origins": own.values.get("cors_origins"),
        "data_dir": own.values.get("data_dir"),
    }
    return {key: value for key, value in values.items() if value is not None}


def _check_top_level(config: Table, findings: Findings) -> None:
    """Names only: what stands in the sections is read with them."""
    strangers = {key: entry for key, entry in config.entries.items() if key not in TOP_LEVEL.acted_on}
    check_section(Table(entries=strangers, location=config.location), TOP_LEVEL, findings=findings)


def _calls(litellm: Mapping[str, JSON], router: Mapping[str, JSON]) -> dict[str, JSON]:
    """What litellm sets in both places, the router's place wins."""
    return {
        "drop_params": litellm.get("drop_params"),
        "ssl_verify": litellm.get("ssl_verify"),
        "request_timeout_s": router.get("timeout", litellm.get("request_timeout")),
        "stream_timeout_s": router.get("stream_timeout"),
    }


def _access(config: Table, litellm: Checked, *, general: Checked, findings: Findings) -> dict[str, JSON]:
    key = general.values.get("master_key")
    section = config.get("general_settings")
    node = section.get("master_key") if isinstance(section, Table) else None
    if key == "" and isinstance(node, Scalar) and not node.defaulted:
        source = f": ${node.sources[0]} is empty" if node.sources else ""
        findings.refuse(
            node.location,
            f"'master_key' is empty{source}, so no key would be asked for; set it, remove it,"
            " or write ${NAME:-} if that is meant",
        )
    asked = litellm.values.get("require_auth_for_metrics_endpoint")
    if asked and "master_key" not in general.given:
        findings.refuse(
            _section_location(config, "litellm_settings", key="require_auth_for_metrics_endpoint"),
            "'require_auth_for_metrics_endpoint' needs a master_key in general_settings to ask for",
        )
    size_mb = general.values.get("max_request_size_mb")
    return {
        "master_key": key or None,
        "key_header_name": general.values.get("litellm_key_header_name"),
        "max_request_bytes": None if size_mb is None else _bytes(size_mb),
        "metrics_need_key": asked is not False,
    }


def _logs(litellm: Mapping[str, JSON], own: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "log_format": own.get("log_format", "json" if litellm.get("json_logs") else None),
        "log_level": own.get("log_level", "debug" if litellm.get("set_verbose") else None),
    }


def _limits(general: Mapping[str, JSON], own: Mapping[str, JSON], *, findings: Findings) -> dict[str, JSON]:
    limits = dict(check_section(own.get("limits"), LIMITS, findings=findings).values)
    size_mb = limits.pop("max_response_mb", general.get("max_response_size_mb"))
    if size_mb is not None:
        limits["max_response_bytes"] = _bytes(size_mb)
    upload_mb = limits.pop("max_upload_mb", None)
    if upload_mb is not None:
        limits["max_upload_bytes"] = _bytes(upload_mb)
    return limits


def _bytes(megabytes: float) -> int:
    return max(1, int(megabytes * MEBIBYTE))


def _deployments(config: Table, findings: Findings) -> list[dict[str, JSON]]:
    entry = config.entries.get("model_list")
    if entry is None or is_null(entry.value) or entry.value == Items(items=(), location=entry.value.location):
        where = Location(file=config.location.file) if entry is None else entry.location
        findings.refuse(where, "there is no model_list, so nothing to serve; name at least one model in it")
        return []
    if not isinstance(entry.value, Items):
        findings.refuse(
            entry.location, "'model_list' must be a list of models, each beginning with '- model_name:'"
        )
        return []
    ids: dict[str, Location] = {}
    deployments = []
    for item in entry.value.items:
        deployment = _deployment(item, findings)
        if deployment is None:
            continue
        deployments.append(deployment)
        own_id = deployment["model_info"].get("id")
        if own_id is not None and ids.setdefault(own_id, item.location) is not item.location:
            findings.refuse(item.location, f"'id' in model_info is the same as that of {ids[own_id]}")
    return deployments


def _deployment(item: Node, findings: Findings) -> dict[str, JSON] | None:
    if not isinstance(item, Table):
        findings.refuse(item.location, "an entry of model_list must be a mapping that begins with '- model_name:'")
        return None
    entry = check_section(item, DEPLOYMENT, findings=findings)
    node = item.get("litellm_params")
    params = check_section(node, LITELLM_PARAMS, findings=findings) if isinstance(node, Table) else Checked()
    info = check_section(entry.values.get("model_info"), MODEL_INFO, findings=findings)
    _require(entry, "model_name", section=DEPLOYMENT, where=item.location, findings=findings)
    _require(entry, "litellm_params", section=DEPLOYMENT, where=item.location, findings=findings)
    if isinstance(node, Table):
        _require(params, "model", section=LITELLM_PARAMS, where=item.location, findings=findings)
    values = {_RENAMED.get(key, key): value for key, value in params.values.items() if key not in TOKEN_PRICES}
    values["api_base"] = _address(params, item.location, findings=findings)
    values.pop("base_url", None)
    values["extra_headers"] = values.pop("headers", {}) | values.get("extra_headers", {})
    values.setdefault("num_retries", values.pop("max_retries", None))
    values |= {field: info.values[key] for key, field in _INFO_OF_ROUTING.items() if key in info.values}
    return {
        **{key: value for key, value in values.items() if value is not None},
        "model_name": entry.values.get("model_name"),
        "model_info": _model_info(info),
        "prices": _prices(info) | _prices(params),
        "request_defaults": params.extras,
        "variables": _variables(node, params),
        "location": str(item.location),
    }


def _require(checked: Checked, key: str, *, section: Section, where: Location, findings: Findings) -> None:
    if key not in checked.given:
        of = "an entry of model_list" if section is DEPLOYMENT else section.name
        findings.refuse(where, f"{of} needs '{key}'")


def _address(params: Checked, where: Location, *, findings: Findings) -> JSON:
    base, other = params.values.get("api_base"), params.values.get("base_url")
    if base and other and base != other:
        findings.refuse(where, "'api_base' and 'base_url' mean the same and differ; give one of them")
    return base or other


def _prices(checked: Checked) -> dict[str, float]:
    return {key: value for key, value in checked.values.items() if key in TOKEN_PRICES}


def _model_info(info: Checked) -> dict[str, JSON]:
    elsewhere = TOKEN_PRICES | _INFO_OF_ROUTING.keys()
    values = {key: value for key, value in info.values.items() if key not in elsewhere}
    supports = {key.removeprefix(_SUPPORTS): value for key, value in values.items() if key.startswith(_SUPPORTS)}
    rest = {key: value for key, value in values.items() if not key.startswith(_SUPPORTS)}
    return {**rest, "supports": supports}


def _variables(node: Node | None, params: Checked) -> dict[str, str]:
    if not isinstance(node, Table):
        return {}
    return {
        key: entry.value.sources[0]
        for key, entry in node.entries.items()
        if key in params.given and isinstance(entry.value, Scalar) and entry.value.sources
    }


def _skips_bad_frames(routing: Checked) -> bool | None:
    frame = routing.values.get("stream_bad_frame")
    return None if frame is None else frame == "skip"


def _callable_names(groups: Names, aliases: Table | None, deployments: list[dict[str, JSON]]) -> Names:
    """What a call can go to: groups, their aliases, and single deployments by the ids that they are given."""
    ids = (own_id for deployment in deployments if (own_id := deployment["model_info"].get("id")) is not None)
    return Names.of(groups.known, () if aliases is None else aliases.entries, ids)


def _aliases(table: Table | None, groups: Names, *, findings: Findings) -> list[dict[str, JSON]]:
    aliases = []
    for entry in table.entries.values() if table is not None else ():
        target, hidden = entry.value, False
        if isinstance(entry.value, Table):
            checked = check_section(entry.value, MODEL_GROUP_ALIAS, findings=findings)
            hidden = checked.values.get("hidden", False)
            inner = entry.value.get("model")
            if inner is None:
                findings.refuse(entry.location, f"alias '{entry.key}' in model_group_alias needs 'model'")
                continue
            target = inner
        if isinstance(target, Scalar) and target.broken:
            continue
        if not isinstance(target, Scalar) or not isinstance(target.value, str):
            message = f"alias '{entry.key}' in model_group_alias must be a model_name, or a mapping with 'model'"
            findings.refuse(entry.location, message)
            continue
        if not groups.serve(target.value):
            message = f"alias '{entry.key}' in model_group_alias stands for a name that no entry of model_list has"
            findings.refuse(target.location, message, suggestion=nearest(target.value, groups.known))
            continue
        aliases.append({"name": entry.key, "target": target.value, "hidden": hidden})
    return aliases


def _section_location(config: Table, section: str, *, key: str) -> Location:
    table = config.get(section)
    entry = table.entries.get(key) if isinstance(table, Table) else None
    return config.location if entry is None else entry.location
