"""How a section of the configuration is described: its keys in four tiers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from adapters.config.kinds import Kind


class Tier(Enum):
    """What this version makes of a key.

    ACTED_ON:    it has its effect.
    HARMLESS:    known; what it asks for is so anyway, or concerns something that this gateway does not have.
    UNSUPPORTED: known, without effect in this version; named at start.
    RESTRICTIVE: known, not supported, and without it more would be allowed than was asked for: refused.
    """

    ACTED_ON = "acted on"
    HARMLESS = "harmless"
    UNSUPPORTED = "unsupported"
    RESTRICTIVE = "restrictive"


def words(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A key whose effect depends on its value, or on each value of its list.

    `acted_on` values have their effect, the others fall into the tier that names them; a pattern may hold `*`.
    Values that nothing names get `others`, and if that is None they are a mistake. `several`: a list may name more
    than one.
    """

    acted_on: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()
    unsupported: frozenset[str] = frozenset()
    restrictive: frozenset[str] = frozenset()
    others: Tier | None = None
    several: bool = True

    def tier(self, value: str) -> Tier | None:
        """The tier of one value."""
        for tier, patterns in (
            (Tier.ACTED_ON, self.acted_on),
            (Tier.HARMLESS, self.harmless),
            (Tier.RESTRICTIVE, self.restrictive),
            (Tier.UNSUPPORTED, self.unsupported),
        ):
            if any(fnmatchcase(value, pattern) for pattern in patterns):
                return tier
        return self.others

    @property
    def known(self) -> frozenset[str]:
        """Every value named, patterns left out."""
        named = self.acted_on | self.harmless | self.unsupported | self.restrictive
        return frozenset(value for value in named if "*" not in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The keys of one mapping.

    `unsupported` may hold patterns (`aws_*`). `unless_true`: UNSUPPORTED keys that have no effect when they are
    true, and would when false. `extras`: in an open section, what a key that is not listed may be: names that
    are never taken for slips of the pen, with the kind that text from the environment is read as; None = closed.
    """

    name: str
    acted_on: Mapping[str, Kind] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    unsupported: frozenset[str] = frozenset()
    restrictive: frozenset[str] = frozenset()
    unless_true: frozenset[str] = frozenset()
    choices: Mapping[str, Choices] = field(default_factory=dict)
    extras: Mapping[str, Kind | None] | None = None

    def tier(self, key: str) -> Tier | None:
        """The tier of a key; None if it is not known. Keys with `choices` count as acted on."""
        if key in self.acted_on or key in self.choices:
            return Tier.ACTED_ON
        if key in self.harmless:
            return Tier.HARMLESS
        if key in self.restrictive:
            return Tier.RESTRICTIVE
        if key in self.unsupported or key in self.unless_true:
            return Tier.UNSUPPORTED
        if any("*" in pattern and fnmatchcase(key, pattern) for pattern in self.unsupported):
            return Tier.UNSUPPORTED
        return None

    @property
    def known(self) -> frozenset[str]:
        """Every key named, patterns left out."""
        named = {*self.acted_on, *self.choices} | self.harmless | self.unsupported | self.restrictive
        return frozenset(key for key in named | self.unless_true if "*" not in key)
