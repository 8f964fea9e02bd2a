"""Tool arguments: the exact text is kept, the parsed object stands beside it."""

import json

from domain.json_types import JSON


def parse_arguments(raw: str) -> JSON:
    """`raw` as a dict where it is a JSON object (empty text is the empty object), else None."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
