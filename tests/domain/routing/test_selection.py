"""Who may answer, who may not, and why."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.routing.group import Member, Needs
from domain.routing.health import WELL, Health, limited, probing, tripped
from domain.routing.policy import RoutingPolicy
from domain.routing.selection import Selection, is_plain, next_change_s, select
from tests.domain.routing.members import NOW_S, TAGS, groups, idents, member

_POLICY = RoutingPolicy()
_CHECKS = RoutingPolicy(pre_call_checks=True)
_TAGS = RoutingPolicy(tag_filtering=True)
_FAILING = tripped(WELL, NOW_S, cooldown_s=1.4)
_DUE = tripped(WELL, NOW_S - 60.0, cooldown_s=1.0)


def _needs() -> st.SearchStrategy[Needs]:
    asked = st.sampled_from([*TAGS, *(f"!{tag}" for tag in TAGS), *(f"&{tag}" for tag in TAGS), "unheard-of", "&"])
    return st.builds(
        Needs, tags=st.lists(asked, max_size=2).map(tuple), prompt_tokens=st.sampled_from([0, 11, 1_001])
    )


def _policies() -> st.SearchStrategy[RoutingPolicy]:
    return st.builds(
        RoutingPolicy, pre_call_checks=st.booleans(), tag_filtering=st.booleans(), match_any_tag=st.booleans()
    )


def _reasons(selection: Selection) -> dict[str, str]:
    return {skipped.member.deployment.id: skipped.reason for skipped in selection.skipped}


def _level(member: Member) -> float:
    return inf if member.deployment.order is None else member.deployment.order


@given(groups(), _needs(), _policies())
def test_every_member_is_in_exactly_one_place(
    members: tuple[Member, ...], needs: Needs, policy: RoutingPolicy
) -> None:
    found = select(members, needs, policy, NOW_S)
    left_out = tuple(skipped.member for skipped in found.skipped)
    assert sorted(idents((*found.candidates, *found.probes, *left_out))) == list(idents(members))
    assert set(idents(found.full)) | set(idents(found.too_long)) <= set(idents(left_out))
    assert all(0 < len(skipped.reason) < 160 and "\n" not in skipped.reason for skipped in found.skipped)


@given(groups(), _needs(), _policies())
def test_candidates_can_answer_and_probes_are_due(
    members: tuple[Member, ...], needs: Needs, policy: RoutingPolicy
) -> None:
    found = select(members, needs, policy, NOW_S)
    for each in (*found.candidates, *found.probes):
        most = each.deployment.max_parallel_requests
        assert each.deployment.unready is None
        assert most is None or each.standing.in_flight < most
    assert all(each.standing.health.answers(NOW_S) for each in found.candidates)
    assert all(each.standing.health.probe_is_due(NOW_S) for each in found.probes)
    assert len({each.deployment.order for each in found.candidates}) <= 1
    serving = min(map(_level, found.candidates), default=inf)
    levels = [_level(each) for each in found.probes]
    assert levels == sorted(levels)
    assert all(level <= serving for level in levels)


@given(groups(), _needs(), _policies())
def test_members_keep_their_order(members: tuple[Member, ...], needs: Needs, policy: RoutingPolicy) -> None:
    found = select(members, needs, policy, NOW_S)
    assert list(idents(found.candidates)) == sorted(idents(found.candidates))


@given(groups(), _needs(), _policies())
def test_only_for_order_and_tags_do_the_others_matter(
    members: tuple[Member, ...], needs: Needs, policy: RoutingPolicy
) -> None:
    for skipped in select(members, needs, policy, NOW_S).skipped:
        alone = select([skipped.member], needs, policy, NOW_S)
        if not alone.skipped:
            assert "waits for order" in skipped.reason or "tag" in skipped.reason


@given(groups(), _needs(), _needs(), _policies(), st.data())
def test_a_plain_selection_depends_on_health_and_time_alone(
    members: tuple[Member, ...], needs: Needs, other_needs: Needs, policy: RoutingPolicy, data: st.DataObject
) -> None:
    limits: dict[str, Any] = {"max_parallel_requests": None, "max_prompt_tokens": None, "rpm": None, "tpm": None}
    policy = replace(policy, tag_filtering=False)
    members = tuple(Member(replace(each.deployment, **limits), each.standing) for each in members)
    assert is_plain(members, policy)
    before = select(members, needs, policy, NOW_S)
    changes_s = next_change_s(members, NOW_S)
    assert changes_s > NOW_S
    until_s = min(changes_s, NOW_S + 100.0)
    at_s = data.draw(st.floats(NOW_S, until_s, exclude_max=until_s > NOW_S and changes_s <= until_s))
    for each in members:
        each.standing.began(NOW_S)
    after = select(members, other_needs, policy, at_s)
    assert (idents(before.candidates), idents(before.probes)) == (idents(after.candidates), idents(after.probes))
    if changes_s < inf:
        assert any(
            each.standing.health.answers(changes_s) or each.standing.health.probe_is_due(changes_s)
            for each in members
            if not (each.standing.health.answers(NOW_S) or each.standing.health.probe_is_due(NOW_S))
        )


@given(groups(), _needs(), _needs(), _policies(), st.integers(0, 3))
def test_a_selection_that_depends_on_more_is_not_plain(
    members: tuple[Member, ...], needs: Needs, other_needs: Needs, policy: RoutingPolicy, calls: int
) -> None:
    before = select(members, needs, policy, NOW_S)
    for each in members:
        each.standing.in_flight += calls
        each.standing.tokens.add(calls, NOW_S)
    after = select(members, other_needs, policy, NOW_S)
    same = (idents(before.candidates), idents(before.probes)) == (idents(after.candidates), idents(after.probes))
    assert not is_plain(members, policy) or same


def test_tags_limits_and_slots_make_a_selection_depend_on_more() -> None:
    assert is_plain([member(tags=("free",), rpm=1.0, max_prompt_tokens=1)], _POLICY)
    assert is_plain([member()], _CHECKS)
    assert not is_plain([member()], _TAGS)
    assert not is_plain([member(), member(max_parallel_requests=0)], _POLICY)
    for limit in ("rpm", "tpm", "max_prompt_tokens"):
        configured: dict[str, Any] = {limit: 0}
        assert not is_plain([member(), member(**configured)], _CHECKS)


@pytest.mark.parametrize(
    ("configured", "policy", "needs", "reason"),
    [
        ({"unready": "OPENAI_API_KEY is not set"}, _POLICY, Needs(), "OPENAI_API_KEY is not set"),
        (
            {"max_prompt_tokens": 10},
            _CHECKS,
            Needs(prompt_tokens=11),
            "takes prompts of up to 10 tokens; this one has about 11",
        ),
        ({"rpm": 5.0, "requests": 5}, _CHECKS, Needs(), "its 5 requests per minute are used up"),
        ({"tpm": 5.5, "tokens": 5}, _CHECKS, Needs(), "its 5.5 tokens per minute are used up"),
        ({"tpm": 9.0, "tokens": 5}, _CHECKS, Needs(prompt_tokens=5), "its 9 tokens per minute are used up"),
        ({"health": limited(WELL, NOW_S + 3.2)}, _POLICY, Needs(), "rate limited for 3.2 s"),
        ({"health": limited(WELL, NOW_S + 0.01)}, _POLICY, Needs(), "rate limited for 0.1 s"),
        ({"health": _FAILING}, _POLICY, Needs(), "failing: next probe in 1.4 s"),
        ({"health": limited(_FAILING, NOW_S + 1.0)}, _POLICY, Needs(), "failing: next probe in 1.4 s"),
        ({"health": limited(_DUE, NOW_S + 1.0)}, _POLICY, Needs(), "rate limited for 1.0 s"),
        ({"health": probing(_DUE, NOW_S)}, _POLICY, Needs(), "failing: its probe is being answered"),
        (
            {"max_parallel_requests": 4, "in_flight": 4},
            _POLICY,
            Needs(),
            "answers 4 requests at a time, and that many are in flight",
        ),
        (
            {"tags": ("paid",)},
            _TAGS,
            Needs(tags=("free",)),
            "requests without a tag of this group are for deployments tagged 'default'",
        ),
    ],
)
def test_the_reason_says_what_is_so(
    configured: dict[str, Any], policy: RoutingPolicy, needs: Needs, reason: str
) -> None:
    left_out = member("a", **configured)
    found = select([left_out], needs, policy, NOW_S)
    assert _reasons(found) == {"a": reason}
    assert bool(found.full) is ("at a time" in reason)
    assert bool(found.too_long) is ("takes prompts" in reason)


@pytest.mark.parametrize("health", [WELL, _DUE])
def test_limits_count_only_where_the_policy_looks_at_them(health: Health) -> None:
    busy = member("a", rpm=1.0, requests=5, max_prompt_tokens=1, tags=("paid",), health=health)
    found = select([busy], Needs(prompt_tokens=9, tags=("free",)), _POLICY, NOW_S)
    assert found.candidates + found.probes == (busy,)


def test_a_prompt_as_long_as_the_context_fits() -> None:
    member_of_ten = member("a", max_prompt_tokens=10)
    assert select([member_of_ten], Needs(prompt_tokens=10), _CHECKS, NOW_S).candidates == (member_of_ten,)


def _ordered(orders: Sequence[int | None], **first: Any) -> tuple[Member, ...]:
    return tuple(
        member(ident, order=order, **(first if index == 0 else {}))
        for index, (ident, order) in enumerate(zip("abcd", orders, strict=False))
    )


def test_later_orders_wait_for_the_first_that_can_answer() -> None:
    found = select(_ordered((1, 2, None, 1)), Needs(), _POLICY, NOW_S)
    assert idents(found.candidates) == "ad"
    assert _reasons(found) == {"b": "order 2 waits for order 1", "c": "no order waits for order 1"}


def test_the_next_order_serves_while_the_first_is_failing_and_probed() -> None:
    found = select(_ordered((1, 2, None), health=_DUE), Needs(), _POLICY, NOW_S)
    assert (idents(found.candidates), idents(found.probes)) == ("b", "a")
    assert _reasons(found) == {"c": "no order waits for order 2"}


def test_a_due_probe_of_a_later_order_waits_too() -> None:
    found = select(_ordered((2, 1), health=_DUE), Needs(), _POLICY, NOW_S)
    assert (idents(found.candidates), idents(found.probes)) == ("b", "")
    assert _reasons(found) == {"a": "order 2 waits for order 1"}


def test_the_next_order_serves_while_the_first_is_full() -> None:
    found = select(_ordered((1, 2), max_parallel_requests=1, in_flight=1), Needs(), _POLICY, NOW_S)
    assert (idents(found.candidates), idents(found.full)) == ("b", "a")


def test_time_changes_nothing_where_all_are_well_or_a_probe_decides() -> None:
    assert next_change_s([member(), member(health=probing(_DUE, NOW_S)), member(health=_DUE)], NOW_S) == inf
    assert next_change_s([member(), member(health=limited(WELL, NOW_S + 3.0))], NOW_S) == NOW_S + 3.0
    assert next_change_s([member(health=limited(_FAILING, NOW_S + 3.0))], NOW_S) == NOW_S + 3.0
