import re
from dataclasses import replace

import pytest
from hypothesis import example, given

from domain.errors import ErrorKind, NotConfigured, UnknownModel
from domain.routing.fleet import Alias, Deployment, Fleet, ready
from tests.strategies.fleets import deployment, groups, names


def _covers(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def _literal_characters(pattern: str) -> int:
    return len(pattern.replace("*", ""))


@given(groups(), names())
@example((deployment("*", model="*"), deployment("openai/*", model="*")), "openai/gpt-4o")
@example((deployment("a", ident="0"), deployment("*", ident="1", model="*")), "0")
def test_an_exact_name_wins_and_else_the_most_specific_pattern(members: tuple[Deployment, ...], name: str) -> None:
    fleet = Fleet.of(members)
    known = {member.group for member in members}
    covering = [group for group in known if "*" in group and _covers(group, name)]
    if name in known:
        assert {found.group for found in fleet.deployments(name)} == {name}
    elif any(member.id == name and "*" not in member.model for member in members):
        assert [found.id for found in fleet.deployments(name)] == [name]
    elif covering:
        chosen = {found.group for found in fleet.deployments(name)}
        assert len(chosen) == 1
        assert _literal_characters(chosen.pop()) == max(map(_literal_characters, covering))
    else:
        with pytest.raises(UnknownModel) as refused:
            fleet.deployments(name)
        assert refused.value.status == 404
        assert refused.value.param == "model"


@given(groups())
def test_a_group_keeps_all_its_deployments_in_their_order(members: tuple[Deployment, ...]) -> None:
    fleet = Fleet.of(members)
    for name in {member.group for member in members if "*" not in member.group}:
        assert fleet.deployments(name) == tuple(member for member in members if member.group == name)


@given(names())
def test_what_the_pattern_captured_takes_the_wildcard_s_place(name: str) -> None:
    fleet = Fleet.of([deployment("openai/*", model="ft:*:v1"), deployment("openai/*", model="fixed", ident="two")])
    first, second = fleet.deployments(f"openai/{name}")
    assert first.model == f"ft:{name}:v1"
    assert second.model == "fixed"


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("openai/gpt-4o-mini", "openai/gpt-*-mini"),
        ("openai/gpt-4o", "openai/gpt-*"),
        ("openai/o3", "openai/*"),
        ("o3", "*"),
        ("openaiXo3", "*"),
    ],
)
def test_patterns_are_tried_from_the_most_specific_on(asked: str, chosen: str) -> None:
    patterns = ("*", "openai/*", "openai/gpt-*", "openai/gpt-*-mini")
    fleet = Fleet.of(deployment(pattern, ident=pattern, model="*") for pattern in patterns)
    assert fleet.deployments(asked)[0].group == chosen


def test_an_alias_is_weaker_than_a_group_and_stronger_than_a_pattern() -> None:
    aliases = [
        Alias(name="fast", target="gpt-4o"),
        Alias(name="gpt-4o", target="never"),
        Alias(name="me", target="me"),
    ]
    fleet = Fleet.of([deployment("gpt-4o"), deployment("*", ident="any", model="*")], aliases)
    assert fleet.deployments("fast")[0].group == "gpt-4o"
    assert fleet.deployments("gpt-4o")[0].group == "gpt-4o"
    assert fleet.deployments("me")[0].model == "me"


def test_an_alias_may_mean_another_alias_or_a_name_that_a_pattern_covers() -> None:
    aliases = [Alias(name="a", target="b"), Alias(name="b", target="openai/gpt-5")]
    fleet = Fleet.of([deployment("openai/*", model="*")], aliases)
    assert fleet.deployments("a")[0].model == "gpt-5"


def test_aliases_in_a_circle_mean_nothing() -> None:
    fleet = Fleet.of([deployment("gpt-4o")], [Alias(name="a", target="b"), Alias(name="b", target="a")])
    with pytest.raises(UnknownModel):
        fleet.deployments("a")


def test_a_pattern_s_own_name_is_no_model() -> None:
    fleet = Fleet.of([deployment("openai/*", model="*")])
    for name in ("openai", "openai/*", "*"):
        with pytest.raises(UnknownModel):
            fleet.deployments(name)


def test_an_endless_name_does_not_fill_the_message() -> None:
    with pytest.raises(UnknownModel) as refused:
        Fleet.of([deployment("gpt-4o")]).deployments("gpt-4o" * 100_000)
    assert len(refused.value.message) < 300


def test_an_unknown_model_is_told_what_is_near() -> None:
    fleet = Fleet.of(
        [deployment("gpt-4o"), deployment("claude", ident="two")], [Alias(name="smart", target="claude")]
    )
    with pytest.raises(UnknownModel, match=r"'gpt-4'.*near: gpt-4o"):
        fleet.deployments("gpt-4")
    with pytest.raises(UnknownModel, match="near: smart"):
        fleet.deployments("smrt")
    with pytest.raises(UnknownModel) as refused:
        fleet.deployments("zzz")
    assert "near" not in refused.value.message


def test_listed_are_groups_that_can_be_called_and_the_visible_aliases_of_such() -> None:
    fleet = Fleet.of(
        [deployment("b"), deployment("a", ident="two"), deployment("c", ident="three", unready="set KEY")],
        [
            Alias(name="x", target="a"),
            Alias(name="y", target="a", hidden=True),
            Alias(name="z", target="c"),
            Alias(name="b", target="a"),
            Alias(name="nowhere", target="gone"),
        ],
    )
    assert fleet.names() == ("b", "a", "x")


def test_only_ready_deployments_are_planned() -> None:
    usable = deployment(ident="usable")
    assert ready((deployment(ident="broken", unready="set KEY"), usable)) == (usable,)


def test_where_none_is_ready_each_reason_is_told_once() -> None:
    members = (
        deployment(ident="one", unready="set A_KEY"),
        deployment(ident="two", unready="set B_KEY"),
        deployment(ident="three", unready="set A_KEY"),
    )
    with pytest.raises(NotConfigured, match=r"'gpt-4o' is not configured: set A_KEY; set B_KEY$") as refused:
        ready(members)
    assert refused.value.kind is ErrorKind.NOT_CONFIGURED
    assert refused.value.status == 503


@pytest.mark.parametrize("pattern", ["openai/*", "*a*b*c*d*"])
def test_endless_names_match_no_pattern(pattern: str) -> None:
    fleet = Fleet.of([deployment(pattern, model="*")])
    assert fleet.deployments("openai/abcd" + "x" * 500)
    with pytest.raises(UnknownModel):
        fleet.deployments("openai/" + "abc" * 1_000_000 + "d")


def test_a_single_deployment_is_asked_for_by_its_id() -> None:
    one, two = deployment("a", ident="one"), deployment("a", ident="two")
    fleet = Fleet.of([one, two, deployment("two", ident="three"), deployment("*", ident="rest", model="*")])
    assert fleet.deployments("one") == (one,)
    assert fleet.deployments("two")[0].id == "three"  # a group's name comes first
    assert fleet.deployments("rest")[0].model == "rest"  # what a wildcard stands for has no name of its own


def test_what_a_wildcard_captured_is_completed_by_what_is_known_of_the_model() -> None:
    fleet = Fleet.of(
        [deployment("openai/*", model="*"), deployment("plain")],
        informed=lambda one: replace(one, max_prompt_tokens=len(one.model)),
    )
    assert fleet.deployments("openai/gpt-5")[0].max_prompt_tokens == 5
    assert fleet.deployments("plain")[0].max_prompt_tokens is None
