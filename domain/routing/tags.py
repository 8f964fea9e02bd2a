"""Which deployments a request's tags lead to, as litellm documents it (proxy/tag_routing, 2026-11).

x:  to deployments with one of these tags; with all of them where the operator wants it so.
&x: only to deployments that have this tag as well. !x: only to deployments that do not.

Where no deployment has any of the plain tags those tagged `default` answer. So they do for requests without tags,
or with `!x` alone; these reach all deployments where none is tagged so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.routing.group import Member

DEFAULT_TAG: Final = "default"
"""The tag of deployments for requests that ask for no tag they have."""
_LONGEST_SHOWN: Final = 64
"""Longer lists of tags are cut in messages: callers choose them freely."""
_FOR_DEFAULT: Final = f"requests without a tag of this group are for deployments tagged {DEFAULT_TAG!r}"


def reasons_by_tags(members: Sequence[Member], tags: Sequence[str], *, any_is_enough: bool) -> list[str | None]:
    """Why each member is not for a request with these tags, in the members' order; None = it is for it.

    `any_is_enough`: one of the plain tags is enough.
    """
    asked = _Asked.of(tags)
    reasons = [_forbidden(member, asked) for member in members]
    if any(not asked.plain.isdisjoint(member.deployment.tags) for member in members):
        others = [_unwanted(member, asked.plain, any_is_enough=any_is_enough) for member in members]
    elif asked.plain or (not asked.required and any(map(_is_default, members))):
        others = [None if _is_default(member) else _FOR_DEFAULT for member in members]
    else:
        return reasons
    return [reason or other for reason, other in zip(reasons, others, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request's tags, without their marks."""

    plain: frozenset[str]
    required: frozenset[str]
    excluded: frozenset[str]

    @classmethod
    def of(cls, tags: Sequence[str]) -> "_Asked":
        marked = {mark: frozenset(tag[1:] for tag in tags if tag[:1] == mark and len(tag) > 1) for mark in "&!"}
        plain = frozenset(tag for tag in tags if tag[:1] not in marked)
        return cls(plain=plain, required=marked["&"], excluded=marked["!"])


def _forbidden(member: Member, asked: _Asked) -> str | None:
    if not asked.excluded.isdisjoint(member.deployment.tags):
        return f"has a tag that the request excludes: {_shown(asked.excluded & set(member.deployment.tags))}"
    missing = asked.required.difference(member.deployment.tags)
    return f"lacks what the request requires: {_shown(missing)}" if missing else None


def _unwanted(member: Member, tags: frozenset[str], *, any_is_enough: bool) -> str | None:
    if any_is_enough:
        return (
            f"has none of the request's tags: {_shown(tags)}" if tags.isdisjoint(member.deployment.tags) else None
        )
    missing = tags - set(member.deployment.tags)
    return f"lacks tags of the request: {_shown(missing)}" if missing else None


def _is_default(member: Member) -> bool:
    return DEFAULT_TAG in member.deployment.tags


def _shown(tags: frozenset[str]) -> str:
    text = ", ".join(map(repr, sorted(tags)))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
