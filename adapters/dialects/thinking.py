"""Which of the ways of asking for thought a model was told nothing of."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Final

from domain.chat.loss import Loss, LossKind
from domain.chat.request import ReasoningSettings
from domain.json_types import JSON

_WAYS: Final[tuple[tuple[str, JSON, str], ...]] = (
    ("budget_tokens", None, "/thinking/budget_tokens"),
    ("adaptive", False, "/thinking/type"),
    ("visible", None, "/thinking/display"),
)
"""Members of the settings, their defaults, and where clients write them."""


def unheard(
    settings: ReasoningSettings, told: Callable[[ReasoningSettings], JSON], *, but: Collection[str] = ()
) -> Iterator[Loss]:
    """A loss for each setting, those in `but` excepted, without which the model would be `told` the same."""
    for name, default, where in _WAYS:
        if name in but or getattr(settings, name) == default:
            continue
        plainer = replace(settings, **{name: default})
        if told(plainer) == told(settings):
            yield Loss("dropped_param", where, "the model is told nothing of it", LossKind.HINT)
