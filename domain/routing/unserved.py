"""Why a group has nobody to ask, as an error."""

from typing import Final

from domain.errors import (
    ContextTooLong,
    ErrorKind,
    FeatherGateError,
    NoDeployment,
    NotConfigured,
    UnsupportedFeature,
)
from domain.routing.group import Member, Needs
from domain.routing.room import used_up
from domain.routing.roster import Group
from domain.routing.selection import Selection

_MOST_NAMED: Final = 5
_SHORTEST_WAIT_S: Final = 0.1


def unserved(group: Group, selection: Selection, needs: Needs, now_s: float) -> FeatherGateError:
    """The error of a group of whose members none may be asked; the first reason that explains them all counts."""
    members = group.members
    ready = [member for member in members if member.deployment.unready is None]
    if not ready:
        reasons = "; ".join(dict.fromkeys(member.deployment.unready or "" for member in members))
        return NotConfigured(f"model {group.name!r} is not configured: {reasons}", param="model")
    tagged = [member for member in ready if member not in selection.other_tags]
    if not tagged:
        wanted = ", ".join(needs.tags) or "the default tag"
        return UnsupportedFeature(
            f"expected tags that a deployment of {group.name!r} has; none has {wanted}",
            param="metadata.tags",
        )
    able = [member for member in tagged if member not in selection.too_long]
    if not able:
        longest = max(member.deployment.max_prompt_tokens or 0 for member in tagged)
        return ContextTooLong(
            f"expected a prompt of at most {longest} tokens for {group.name!r}; this one has about "
            f"{needs.prompt_tokens}. Shorten it, or ask for a model with a longer context."
        )
    if all(_never_fits(member, needs) for member in able):
        most = max(member.deployment.tpm or 0 for member in able)
        return ContextTooLong(
            f"expected a prompt of at most {most:g} tokens, which is all that deployments of {group.name!r} take "
            f"in a minute; this one has about {needs.prompt_tokens}. Shorten it, or raise their tpm."
        )
    reasons = "; ".join(f"{one.member.deployment.id}: {one.reason}" for one in selection.skipped[:_MOST_NAMED])
    is_limited = all(
        member.standing.health.limited_s > now_s or used_up(member, now_s, needs.prompt_tokens) for member in able
    )
    return NoDeployment(
        f"no deployment of {group.name!r} can be asked now ({reasons}); try again later",
        kind=ErrorKind.RATE_LIMIT if is_limited else None,
        retry_after_s=max(_SHORTEST_WAIT_S, min(member.standing.health.waits_s(now_s) for member in able)),
    )


def _never_fits(member: Member, needs: Needs) -> bool:
    """Whether the prompt is longer than what the deployment may be sent in a whole minute."""
    tpm = member.deployment.tpm
    return tpm is not None and needs.prompt_tokens > tpm
