"""Whether the members of a request ask the model to think first, in the words of any dialect."""

from collections.abc import Mapping
from typing import Final

from domain.json_types import JSON

REASONING_MEMBERS: Final = ("reasoning_effort", "reasoning", "thinking")
GENERATION_MEMBERS: Final = ("generationConfig", "generation_config")


def asks_to_reason(members: Mapping[str, JSON]) -> bool:
    """Whether one of `members` asks for thought: null, an effort of `none` and a budget of 0 do not."""
    return any(_asks(members[name]) for name in REASONING_MEMBERS if name in members) or any(
        _asks(_thinking_config(members[name])) for name in GENERATION_MEMBERS if name in members
    )


def _asks(wish: JSON) -> bool:
    if not isinstance(wish, dict):
        return wish not in (None, "none")
    if wish.get("type") == "disabled" or wish.get("effort") == "none":
        return False
    if wish.get("thinkingBudget", wish.get("thinking_budget")) == 0:
        return False
    return any(value is not None for value in wish.values())


def _thinking_config(generation: JSON) -> JSON:
    if not isinstance(generation, dict):
        return None
    return generation.get("thinkingConfig", generation.get("thinking_config"))
