"""Loads a configuration: the one way in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.config.assembling import assemble
from adapters.config.checking import is_null
from adapters.config.dotenv import read_dotenv
from adapters.config.environment import resolve_config
from adapters.config.mistakes import Findings, Location, Notice
from adapters.config.nodes import Entry, Scalar, Table
from adapters.config.plain_values import config_of
from adapters.config.reading import read_config
from adapters.config.settings import Settings

MASTER_KEY_VARIABLE: Final = "LITELLM_MASTER_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration without mistakes.

    environment: what variables mean to the gateway: `.env`, under the process's own, under the file's
                 `environment_variables`.
    notices:     what to say about it at start.
    effective:   the resolved tree, for the report.
    """

    settings: Settings
    environment: Mapping[str, str] = field(repr=False)
    notices: tuple[Notice, ...]
    effective: Table = field(repr=False)


def load_config(path: Path, environment: Mapping[str, str], *, dotenv: bool = True) -> LoadedConfig:
    """Read, resolve and check a configuration file.

    `environment`: the process's variables. `dotenv`: also read `.env` beside the file; a variable that both set
    keeps the process's value. As with litellm, `LITELLM_MASTER_KEY` is the master key where the file names none.
    Raises ConfigError with every mistake found.
    """
    variables = {**(read_dotenv(path.parent / ".env") if dotenv else {}), **environment}
    findings = Findings()
    return _loaded(read_config(path, variables, findings=findings), variables, findings)


def load_mapping(config: Mapping[str, object], environment: Mapping[str, str]) -> LoadedConfig:
    """The same for a configuration that a program gives as plain values; no `.env` is read for it.

    Mistakes name the line that they would have in it, written as YAML. Raises ConfigError.
    """
    findings = Findings()
    return _loaded(config_of(config, findings=findings), environment, findings)


def _loaded(written: Table, variables: Mapping[str, str], findings: Findings) -> LoadedConfig:
    resolved, effective_environment = resolve_config(written, variables, findings=findings)
    config = _with_master_key(resolved, effective_environment)
    values = assemble(config, findings)
    findings.require_none()
    return LoadedConfig(
        settings=Settings.from_dict(values),
        environment=MappingProxyType(effective_environment),
        notices=findings.notices(),
        effective=config,
    )


def _with_master_key(config: Table, environment: Mapping[str, str]) -> Table:
    key = environment.get(MASTER_KEY_VARIABLE)
    general = config.get("general_settings")
    if general is None or is_null(general):
        general = Table(entries={}, location=config.location)
    if not key or not isinstance(general, Table):
        return config
    given = general.get("master_key")
    if given is not None and not is_null(given):
        return config
    where = Location(file="environment")
    value = Scalar(value=key, text=key, location=where, sources=(MASTER_KEY_VARIABLE,))
    entries = {**general.entries, "master_key": Entry(key="master_key", value=value, location=where)}
    section = Entry(key="general_settings", value=replace(general, entries=entries), location=general.location)
    return replace(config, entries={**config.entries, "general_settings": section})
