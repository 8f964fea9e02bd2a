"""Rendezvous: who has the warm cache, and that everybody agrees about it."""

from collections import Counter
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.affinity import warm_first, warmest
from domain.routing.group import Member
from tests.domain.routing.members import idents, member

_KEYS = st.text(max_size=40).filter(lambda text: text.isprintable())


def _members(idents_: list[str], in_flight: int = 0) -> list[Member]:
    return [member(ident, in_flight=in_flight) for ident in idents_]


def _several() -> st.SearchStrategy[list[Member]]:
    return st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True).map(_members)


@given(_several(), _KEYS, st.data())
def test_the_order_of_the_members_does_not_matter(members: list[Member], key: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(members))
    assert warm_first(members, key) == warm_first(shuffled, key)
    assert sorted(idents(warm_first(members, key))) == sorted(idents(tuple(members)))


@given(_several(), _KEYS, st.data())
def test_who_leaves_moves_only_its_own_keys(members: list[Member], key: str, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(members))
    left = [each for each in members if each is not gone]
    assert warm_first(left, key) == tuple(each for each in warm_first(members, key) if each is not gone)
    if left and warmest(members, key) is not gone:
        assert warmest(left, key) is warmest(members, key)


def test_all_processes_and_releases_agree() -> None:
    members = _members(["east", "west", "north"])
    assert [idents((warmest(members, f"key {number}"),)) for number in range(6)] == [
        "west",
        "east",
        "west",
        "north",
        "east",
        "north",
    ]


def test_keys_are_spread_evenly() -> None:
    members = _members(list("abcd"))
    counted = Counter(warmest(members, f"prefix {number}").deployment.id for number in range(2_000))
    assert all(abs(counted[ident] - 500) <= 5 * sqrt(2_000 * 3 / 16) for ident in "abcd")


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 50)), min_size=1, max_size=6), _KEYS)
def test_the_warmest_that_is_not_too_busy_is_taken(in_flight: list[int], key: str) -> None:
    members = [member(str(index), in_flight=calls) for index, calls in enumerate(in_flight)]

    def is_too_busy(each: Member) -> bool:
        others = [other.standing.in_flight for other in members if other is not each]
        mean = sum(others) / len(others) if others else 0.0
        return bool(others) and each.standing.in_flight > 2 * mean + 2 + 1e-9

    order = warm_first(members, key)
    taken = warmest(members, key)
    assert not is_too_busy(taken)
    assert all(is_too_busy(each) for each in order[: order.index(taken)])


def test_one_hot_key_does_not_overload_its_deployment() -> None:
    members = _members(list("abcd"))
    for _ in range(1_000):
        warmest(members, "hot").standing.in_flight += 1
    assert max(each.standing.in_flight for each in members) <= 1_000 / 2
    assert warm_first(members, "hot")[0].standing.in_flight >= 1_000 / 3
