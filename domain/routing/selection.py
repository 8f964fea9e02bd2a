"""Which members of a group may answer a call now, and why the others may not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from domain.routing.group import Member, Needs, Skipped
from domain.routing.health import WELL, Breaker
from domain.routing.policy import RoutingPolicy
from domain.routing.room import used_up
from domain.routing.tags import reasons_by_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What became of a group's members; each is in exactly one of `candidates`, `probes` and `skipped`.

    candidates: those that may answer, all of the same order.
    probes:     those that fail and are due to be tried, the first to serve first.
    skipped:    the others, in the order in which they were left out.
    full:       of these, those that only lack a free slot.
    later:      of these, those that only wait for an earlier order, the first to serve first.
    too_long:   of these, those whose context is too small for the prompt.
    other_tags: of these, those that have not the tags of the request.
    hindered:   whether some were left out for a reason that passes, and not by configuration.
    """

    candidates: tuple[Member, ...] = ()
    probes: tuple[Member, ...] = ()
    full: tuple[Member, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    later: tuple[Member, ...] = ()
    too_long: tuple[Member, ...] = ()
    other_tags: tuple[Member, ...] = ()
    hindered: bool = False


def select(members: Sequence[Member], needs: Needs, policy: RoutingPolicy, now_s: float) -> Selection:
    """Sort a group's members out, in this order.

    Those that cannot be called at all; those for other tags; those whose context or whose limits leave no room for
    the prompt; those that are limited or fail; those without a free slot; those whose order comes later than that
    of the first that may answer.
    """
    skipped: list[Skipped] = []
    fit = _sift(members, [member.deployment.unready for member in members], skipped)
    other_tags: list[Skipped] = []
    if policy.tag_filtering:
        fit = _sift(fit, reasons_by_tags(fit, needs.tags, any_is_enough=policy.match_any_tag), other_tags)
        skipped += other_tags
    by_design = len(skipped)
    too_long: list[Skipped] = []
    if policy.pre_call_checks:
        fit = _sift(fit, [_too_long(member, needs.prompt_tokens) for member in fit], too_long)
        skipped += too_long
        fit = _sift(fit, [used_up(member, now_s, needs.prompt_tokens) for member in fit], skipped)
    fit = _sift(fit, [_unwell(member, now_s) for member in fit], skipped)
    full: list[Skipped] = []
    fit = _sift(fit, [_full(member) for member in fit], full)
    skipped += full
    hindered = len(skipped) > by_design
    later: list[Skipped] = []
    fit = _of_first_order(fit, later)
    skipped += later
    probes = [member for member in fit if _is_probe(member)]
    return Selection(
        candidates=tuple(member for member in fit if not _is_probe(member)) if probes else tuple(fit),
        probes=tuple(sorted(probes, key=_order)),
        full=tuple(left_out.member for left_out in full),
        skipped=tuple(skipped),
        later=tuple(sorted((left_out.member for left_out in later), key=_order)),
        too_long=tuple(left_out.member for left_out in too_long),
        other_tags=tuple(left_out.member for left_out in other_tags),
        hindered=hindered,
    )


def is_plain(members: Sequence[Member], policy: RoutingPolicy) -> bool:
    """Whether the selection is the same for every call until a member's health changes or time passes."""
    if policy.tag_filtering or any(member.deployment.max_parallel_requests is not None for member in members):
        return False
    if not policy.pre_call_checks:
        return True
    limits = ((d.max_prompt_tokens, d.rpm, d.tpm) for d in (member.deployment for member in members))
    return all(limit is None for each in limits for limit in each)


def next_change_s(members: Sequence[Member], now_s: float) -> float:
    """When the passing of time alone may change a plain selection next (monotonic seconds); inf = never."""
    return min((_due_s(member) for member in members if _due_s(member) > now_s), default=inf)


def _sift(members: Sequence[Member], reasons: Sequence[str | None], skipped: list[Skipped]) -> Sequence[Member]:
    """The members without a reason against them; the others go to `skipped`."""
    if not any(reasons):
        return members
    pairs = list(zip(members, reasons, strict=True))
    skipped.extend(Skipped(member=member, reason=reason) for member, reason in pairs if reason)
    return [member for member, reason in pairs if not reason]


def _too_long(member: Member, prompt_tokens: int) -> str | None:
    limit = member.deployment.max_prompt_tokens
    if limit is None or prompt_tokens <= limit:
        return None
    return f"takes prompts of up to {limit} tokens; this one has about {prompt_tokens}"


def _unwell(member: Member, now_s: float) -> str | None:
    """Why it may neither answer nor be probed."""
    health = member.standing.health
    if health is WELL or health.answers(now_s) or health.probe_is_due(now_s):
        return None
    if health.breaker is Breaker.HALF_OPEN:
        return "failing: its probe is being answered"
    if health.limited_s >= health.probe_s:
        return f"rate limited for {_seconds(health.limited_s - now_s)}"
    return f"failing: next probe in {_seconds(health.probe_s - now_s)}"


def _full(member: Member) -> str | None:
    most = member.deployment.max_parallel_requests
    if most is None or member.standing.in_flight + member.standing.promised < most:
        return None
    return f"answers {most} requests at a time, and that many are in flight"


def _of_first_order(members: Sequence[Member], skipped: list[Skipped]) -> Sequence[Member]:
    """Those whose order comes no later than that of the first that may answer and is not merely to be probed."""
    if len({member.deployment.order for member in members}) <= 1:
        return members
    level = min((_order(member) for member in members if not _is_probe(member)), default=inf)
    return _sift(members, [_later(member, level) for member in members], skipped)


def _later(member: Member, level: float) -> str | None:
    order = member.deployment.order
    if _order(member) <= level:
        return None
    return f"{'no order' if order is None else f'order {order}'} waits for order {level:g}"


def _is_probe(member: Member) -> bool:
    """Whether a member that is not unwell is one to be probed."""
    return not member.standing.is_well


def _order(member: Member) -> float:
    order = member.deployment.order
    return inf if order is None else order


def _due_s(member: Member) -> float:
    """When it may be asked again, unless that depends on more than time."""
    health = member.standing.health
    if health.breaker is Breaker.HALF_OPEN:
        return inf
    return max(health.probe_s, health.limited_s)


def _seconds(wait_s: float) -> str:
    return f"{max(wait_s, 0.1):.1f} s"
