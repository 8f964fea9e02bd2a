"""Tool arguments: the exact text is kept, the parsed object stands beside it."""

import json
from typing import NoReturn

from domain.json_types import JSON, nests_too_deeply


def parse_arguments(raw: str) -> JSON:
    """`raw` as a dict where it is a JSON object (empty text is the empty object) of sane depth, else None."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and not nests_too_deeply(value) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
