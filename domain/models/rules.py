"""How a catalogue is written: which ids a row covers, and the limits of each known id."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain.models.profile import ModelProfile

_SNAPSHOT: Final = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A model's context window and longest answer, in tokens; None = not published."""

    context_tokens: int | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """The models whose id `pattern` matches from its beginning behave like `profile`."""

    pattern: re.Pattern[str]
    profile: ModelProfile

    @classmethod
    def of(cls, pattern: str, profile: ModelProfile) -> "Rule":
        """The rule for ids that begin with `pattern`, a regular expression."""
        return cls(re.compile(pattern), profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What is known of one vendor's models.

    rules: the first that matches counts. known: the ids that wildcards are listed by, with their limits;
    dated snapshots (`-2025-08-07`, `-20250929`) share those of the id before the date.
    otherwise: for ids that no rule covers.
    """

    rules: tuple[Rule, ...]
    known: Mapping[str, Limits]
    otherwise: ModelProfile

    def profile(self, model: str) -> ModelProfile:
        """The profile of `model`, its known limits filled in."""
        found = next((rule.profile for rule in self.rules if rule.pattern.match(model)), self.otherwise)
        limits = self.known.get(model) or self.known.get(_SNAPSHOT.sub("", model))
        if limits is None:
            return found
        return replace(found, context_tokens=limits.context_tokens, max_output_tokens=limits.max_output_tokens)


def table(*rows: tuple[str, int | None, int | None]) -> dict[str, Limits]:
    """Rows of (model id, context window, longest answer) as `known` wants them."""
    return {model: Limits(context_tokens=context, max_output_tokens=output) for model, context, output in rows}
