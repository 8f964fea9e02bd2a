"""Configurations that programs give as plain values."""

from collections.abc import Mapping
from typing import Final

import yaml

from adapters.config.mistakes import Findings, Location
from adapters.config.nodes import Table, parse_tree

_PLACE: Final = "<mapping>"


def config_of(values: Mapping[str, object], *, findings: Findings) -> Table:
    """The tree that `values` would be as a file. Raises ConfigError where YAML has no words for one of them."""
    where = Location(file=_PLACE)
    try:
        text = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)
    except (yaml.YAMLError, RecursionError):
        findings.abort(where, "expected texts, numbers, booleans, None, and lists and dicts of such")
    tree = parse_tree(text, _PLACE, findings=findings)
    if not isinstance(tree, Table) or not tree.entries:
        findings.abort(where, "the configuration is empty; at least a model_list is needed")
    return tree
