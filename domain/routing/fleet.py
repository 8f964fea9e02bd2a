"""The fleet: every deployment, the groups they form, and which group a model's name means."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from domain.chat.loss import ACCEPT_LOSSES, LossPolicy
from domain.errors import NotConfigured, UnknownModel
from domain.pricing.price import Price

WILDCARD: Final = "*"
_LONGEST_NAME: Final = 200
"""Longer names are cut in messages, and not compared with others."""
_LONGEST_CAPTURED: Final = 512
"""Longer names match no wildcard: what they capture is kept and sent on, and matching several takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One way to reach one model.

    group:   the name clients ask for (`model_name`), possibly a wildcard pattern.
    model:   the upstream's own id, without provider prefix; `*` stands for what the group's pattern captured.
    weight, rpm, tpm: shares of the traffic (the first one any deployment of the group has counts).
    order:   the deployments with the lowest serve, the others where none of these can; None comes last.
    tags:    what requests may ask for.
    max_parallel_requests: how many it answers at a time.
    max_prompt_tokens: how long its prompts may be; None = not known.
    always_reasons: its model thinks before it answers, whether asked to or not.
    cooldown_s, allowed_fails: its own, instead of the routing policy's. retries: the same for its group.
    unready: why it cannot be called, in a sentence that says what to do; None = it can.
    account: the same for deployments that share address and credential, and with them what is kept upstream.
    price:   what its tokens cost; None = not known, or not before a wildcard's model is.
    """

    id: str
    group: str
    provider: str
    model: str
    weight: float | None = None
    rpm: float | None = None
    tpm: float | None = None
    order: int | None = None
    tags: tuple[str, ...] = ()
    max_parallel_requests: int | None = None
    max_prompt_tokens: int | None = None
    always_reasons: bool = False
    cooldown_s: float | None = None
    allowed_fails: int | None = None
    retries: int | None = None
    loss_policy: LossPolicy = ACCEPT_LOSSES
    unready: str | None = None
    account: str = ""
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another name of a group; hidden ones are not listed."""

    name: str
    target: str
    hidden: bool = False


Informed: TypeAlias = Callable[[Deployment], Deployment]
"""A deployment → the same with what is known of its model."""


def unchanged(deployment: Deployment) -> Deployment:
    """The Informed that knows nothing."""
    return deployment


@dataclass(frozen=True, slots=True)
class _Pattern:
    group: str
    expression: re.Pattern[str]

    @classmethod
    def of(cls, group: str) -> "_Pattern":
        parts = (re.escape(part) for part in group.split(WILDCARD))
        return cls(group, re.compile("(.*)".join(parts), re.DOTALL))

    @property
    def specificity(self) -> tuple[int, int]:
        """Most literal characters first; then fewest wildcards."""
        wildcards = self.group.count(WILDCARD)
        return wildcards - len(self.group), wildcards


@dataclass(frozen=True, slots=True)
class Fleet:
    """Groups of deployments by name.

    Exact names win over aliases, aliases over the ids of single deployments, and these over wildcards.
    """

    groups: Mapping[str, tuple[Deployment, ...]]
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    _patterns: tuple[_Pattern, ...] = ()
    _ids: Mapping[str, Deployment] = field(default_factory=dict)
    _informed: Informed = unchanged

    @classmethod
    def of(
        cls, deployments: Iterable[Deployment], aliases: Iterable[Alias] = (), informed: Informed = unchanged
    ) -> "Fleet":
        """The fleet of these deployments; those of one group keep their order.

        `informed` completes deployments whose model a wildcard captured, by what is known of the model.
        """
        groups: dict[str, tuple[Deployment, ...]] = {}
        ids: dict[str, Deployment] = {}
        for deployment in deployments:
            groups[deployment.group] = (*groups.get(deployment.group, ()), deployment)
            if WILDCARD not in deployment.model:
                ids[deployment.id] = deployment
        patterns = sorted(
            (_Pattern.of(group) for group in groups if WILDCARD in group), key=lambda p: p.specificity
        )
        return cls(groups, {alias.name: alias for alias in aliases}, tuple(patterns), ids, informed)

    def deployments(self, name: str) -> tuple[Deployment, ...]:
        """The deployments that serve `name`, each with its concrete model.

        Raises UnknownModel, with near names, where no group has that name.
        """
        meant = self._without_aliases(name)
        if WILDCARD not in meant:
            exact = self.groups.get(meant)
            if exact is not None:
                return exact
            if meant in self._ids:
                return (self._ids[meant],)
            for pattern in self._patterns if len(meant) <= _LONGEST_CAPTURED else ():
                captured = pattern.expression.fullmatch(meant)
                if captured is not None:
                    return tuple(self._concrete(one, captured[1]) for one in self.groups[pattern.group])
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        raise UnknownModel(
            f"no model is named {shown!r}{self._near(shown)}; GET /v1/models lists them", param="model"
        )

    def names(self) -> tuple[str, ...]:
        """The names that can be asked for, in the order of the configuration, wildcard patterns as they stand.

        These are the groups with a ready deployment and the visible aliases of such.
        """
        ready = [group for group, members in self.groups.items() if any(d.unready is None for d in members)]
        visible = [
            alias.name for alias in self.aliases.values() if not alias.hidden and self._answers(alias.target)
        ]
        return (*ready, *(name for name in visible if name not in self.groups))

    def _without_aliases(self, name: str) -> str:
        """The name that is left when aliases, of aliases too, are replaced; each one once, so circles end."""
        followed: set[str] = set()
        while name not in self.groups and name in self.aliases and name not in followed:
            followed.add(name)
            name = self.aliases[name].target
        return name

    def _answers(self, name: str) -> bool:
        try:
            return any(deployment.unready is None for deployment in self.deployments(name))
        except UnknownModel:
            return False

    def _concrete(self, deployment: Deployment, captured: str) -> Deployment:
        if WILDCARD not in deployment.model:
            return deployment
        return self._informed(replace(deployment, model=deployment.model.replace(WILDCARD, captured, 1)))

    def _near(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self.groups, *self.aliases], n=3)
        return f" (near: {', '.join(near)})" if near else ""


def ready(deployments: tuple[Deployment, ...]) -> tuple[Deployment, ...]:
    """Those that can be called. Raises NotConfigured, with each one's reason, where none can."""
    usable = tuple(deployment for deployment in deployments if deployment.unready is None)
    if not usable:
        reasons = "; ".join(dict.fromkeys(deployment.unready or "" for deployment in deployments))
        raise NotConfigured(f"model {deployments[0].group!r} is not configured: {reasons}", param="model")
    return usable
