"""Objects set into objects, member by member."""

from collections.abc import Mapping

from domain.json_types import JSON


def merged(body: Mapping[str, JSON], more: Mapping[str, JSON]) -> dict[str, JSON]:
    """`body` with `more` set in it; objects are merged member by member."""
    out = dict(body)
    for name, value in more.items():
        out[name] = overlaid(out.get(name), value)
    return out


def overlaid(there: JSON, value: JSON) -> JSON:
    """`value` in the place of `there`; of two objects, `there` with `value` set in it."""
    return merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
