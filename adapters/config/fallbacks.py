"""Reads which model groups answer where another one cannot: `[{group: [other, …]}, …]`, as litellm has it."""

from adapters.config.mistakes import Findings
from adapters.config.naming import Names
from adapters.config.nodes import Items, Node, Scalar, Table
from domain.routing.policy import ANY_GROUP


def read_fallbacks(node: Items, key: str, *, names: Names, findings: Findings) -> dict[str, list[str]]:
    """Group → groups. Noted as mistakes: other shapes, names that nobody serves, two lists for one group."""
    found: dict[str, list[str]] = {}
    for item in node.items:
        if not isinstance(item, Table):
            if not _is_broken(item):
                message = f"each entry of '{key}' must be a mapping such as {{model_name: [other_model_name]}}"
                findings.refuse(item.location, message)
            continue
        for entry in item.entries.values():
            if entry.key != ANY_GROUP:
                names.require(entry.key, key, where=entry.location, findings=findings)
            if entry.key in found:
                findings.refuse(entry.location, two_lists(key))
            if isinstance(entry.value, Items):
                found[entry.key] = read_names(entry.value, key, names=names, findings=findings)
            elif not _is_broken(entry.value):
                findings.refuse(entry.location, f"each model in '{key}' must have a list of names")
    return found


def read_names(node: Items, key: str, *, names: Names, findings: Findings) -> list[str]:
    """The names in a list, without those that are noted as mistakes."""
    found: list[str] = []
    for item in node.items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            names.require(item.value, key, where=item.location, findings=findings)
            found.append(item.value)
        elif not _is_broken(item):
            message = f"'{key}' must name models; what else of a request changes for one, its caller can say"
            findings.refuse(item.location, message)
    return found


def two_lists(key: str) -> str:
    """What is wrong where `key` and what completes it have two lists for one model."""
    return f"'{key}' has two lists for one model, of which one would have no effect; join them"


def _is_broken(node: Node) -> bool:
    """Whether a mistake about it was reported already."""
    return isinstance(node, Scalar) and node.broken
