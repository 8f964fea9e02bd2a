"""Checks one section of the located tree against its keys."""

from dataclasses import dataclass, field
from typing import assert_never

from adapters.config.keys import TOP_LEVEL, home_of
from adapters.config.kinds import Broken, Kind, Unfit
from adapters.config.mistakes import Findings, Location
from adapters.config.nodes import Entry, Items, Node, Scalar, Table, plain
from adapters.config.sections import Choices, Section, Tier
from adapters.config.spelling import nearest
from domain.json_types import JSON

_NEAR_MISS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The values of a section's acted-on keys that are given and fit; `extras` holds an open section's others.

    Of a key with choices the value is a list: those of its words that are acted on.

    `given` names every acted-on key that is there, also those whose value is a mistake.
    """

    values: dict[str, JSON] = field(default_factory=dict)
    extras: dict[str, JSON] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)


def check_section(node: Node | None, section: Section, *, findings: Findings) -> Checked:
    """Read a section; whatever is wrong with it is noted in `findings`. A key without a value is not given."""
    check = _Check(section, findings)
    if node is None or is_null(node):
        return check.checked
    if isinstance(node, Table):
        for entry in node.entries.values():
            check.entry(entry)
    else:
        findings.refuse(node.location, f"{section.name} must be a mapping")
    return check.checked


def is_null(node: Node) -> bool:
    """Whether a key has no value: `key:` or `key: null`."""
    return isinstance(node, Scalar) and node.value is None and not node.broken


class _Check:
    """Checks one section entry by entry."""

    def __init__(self, section: Section, findings: Findings) -> None:
        self.checked = Checked()
        self._section = section
        self._findings = findings

    def entry(self, entry: Entry) -> None:
        tier = self._section.tier(entry.key)
        if tier is None:
            self._unknown(entry)
        elif tier is not Tier.ACTED_ON:
            self._without_effect(entry, tier)
        elif not is_null(entry.value):
            self.checked.given.add(entry.key)
            choices = self._section.choices.get(entry.key)
            if choices is None:
                self._acted_on(entry, self._section.acted_on[entry.key])
            else:
                self._choose(entry, choices)

    def _acted_on(self, entry: Entry, kind: Kind) -> None:
        try:
            self.checked.values[entry.key] = kind.read(entry.value)
        except Broken:
            return
        except Unfit as unfit:
            where = unfit.location or entry.location
            message = f"'{entry.key}' in {self._section.name} must be {kind.expected}, not {unfit.came}"
            self._findings.refuse(where, message)

    def _choose(self, entry: Entry, choices: Choices) -> None:
        name = f"'{entry.key}' in {self._section.name}"
        if isinstance(entry.value, Items) and not choices.several:
            self._findings.refuse(entry.location, f"{name} must be one word, not a list")
            return
        for item in entry.value.items if isinstance(entry.value, Items) else (entry.value,):
            if isinstance(item, Scalar) and item.broken:
                continue
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                expected = "a word or a list of words" if choices.several else "a word"
                self._findings.refuse(item.location, f"{name} must be {expected}")
                continue
            tier = choices.tier(item.value)
            if tier is None:
                message = f"{name} must be one of {', '.join(sorted(choices.known))}"
                self._findings.refuse(item.location, message, suggestion=nearest(item.value, choices.known))
            else:
                shown = f"{entry.key}: {item.value}" if item.value in choices.known else entry.key
                self._note(shown, tier, where=item.location)
                if tier is Tier.ACTED_ON:
                    self.checked.values.setdefault(entry.key, []).append(item.value)

    def _without_effect(self, entry: Entry, tier: Tier) -> None:
        broken = isinstance(entry.value, Scalar) and entry.value.broken
        if not broken and (tier is Tier.HARMLESS or not self._asks_for_nothing(entry, tier)):
            self._note(entry.key, tier, where=entry.location)

    def _asks_for_nothing(self, entry: Entry, tier: Tier) -> bool:
        """Whether the value is the one that leaves things as they are without the key."""
        match entry.value:
            case Scalar(value=value):
                if entry.key in self._section.unless_true:
                    return value is None or value is True
                return value is None or value is False or (tier is Tier.UNSUPPORTED and value in {0, ""})
            case Items(items=held) | Table(entries=held):
                # An empty list of what is allowed allows nothing.
                return not held and not entry.key.startswith("allowed_")
            case _:
                assert_never(entry.value)

    def _note(self, key: str, tier: Tier, *, where: Location) -> None:
        name = key if self._section is TOP_LEVEL else f"{self._section.name}.{key}"
        match tier:
            case Tier.HARMLESS:
                self._findings.harmless.setdefault(name, []).append(where)
            case Tier.UNSUPPORTED:
                self._findings.unsupported.setdefault(name, []).append(where)
            case Tier.RESTRICTIVE:
                message = (
                    f"{name} would restrict access, spend or content, and this version cannot do that yet; it is"
                    " refused rather than ignored: remove it to run without"
                )
                self._findings.refuse(where, message)
            case Tier.ACTED_ON:
                pass
            case _:
                assert_never(tier)

    def _unknown(self, entry: Entry) -> None:
        extras, known = self._section.extras, self._section.known
        message = f"unknown key '{entry.key}' in {self._section.name}"
        if extras is None:
            near, home = nearest(entry.key, known), home_of(entry.key)
            if home is not None:
                message, near = f"{message}; it belongs in {home}", None
            self._findings.refuse(entry.location, message, suggestion=near)
            return
        near = None if entry.key in extras else nearest(entry.key, known, cutoff=_NEAR_MISS)
        if near is not None:
            self._findings.refuse(entry.location, message, suggestion=near)
        elif not is_null(entry.value):
            self.checked.extras[entry.key] = _extra(entry.value, extras.get(entry.key))


def _extra(node: Node, kind: Kind | None) -> JSON:
    """A request default. Text from the environment becomes the number or boolean that the parameter takes."""
    if kind is not None and isinstance(node, Scalar) and node.sources:
        try:
            return kind.read(node)
        except (Unfit, Broken):
            pass
    return plain(node)
