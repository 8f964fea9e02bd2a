"""Tags, by the tables of litellm's documentation (proxy/tag_routing)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.routing.tags import reasons_by_tags
from tests.domain.routing.members import TAGS, member

_TIERS = {"a": ("free",), "b": ("paid",), "c": ("default",)}
_PROVIDERS = {"a": ("anthropic",), "b": ("openai",), "c": ("vertex",)}
_REASONING = {"a": ("high", "anthropic"), "b": ("high", "openai"), "c": ("anthropic",), "d": ()}
_NO_DEFAULT = {"a": ("free",), "b": ()}


def _left(tagged: dict[str, tuple[str, ...]], tags: tuple[str, ...], *, any_is_enough: bool = True) -> str:
    members = [member(ident, tags=own) for ident, own in tagged.items()]
    reasons = reasons_by_tags(members, tags, any_is_enough=any_is_enough)
    return "".join(ident for ident, reason in zip(tagged, reasons, strict=True) if reason is None)


@pytest.mark.parametrize(
    ("tagged", "tags", "left"),
    [
        (_TIERS, ("free",), "a"),
        (_TIERS, ("free", "paid"), "ab"),
        (_TIERS, ("unheard-of",), "c"),
        (_TIERS, (), "c"),
        (_TIERS, ("default",), "c"),
        (_TIERS, ("!default",), ""),
        (_TIERS, ("!free",), "c"),
        (_TIERS, ("unheard-of", "!default"), ""),
        (_NO_DEFAULT, (), "ab"),
        (_NO_DEFAULT, ("unheard-of",), ""),
        (_NO_DEFAULT, ("!free",), "b"),
        (_PROVIDERS, ("!anthropic",), "bc"),
        (_PROVIDERS, ("!anthropic", "!openai"), "c"),
        (_PROVIDERS, ("!anthropic", "!openai", "!vertex"), ""),
        (_PROVIDERS, ("openai", "vertex", "!vertex"), "b"),
        (_PROVIDERS, ("openai", "!openai"), ""),
        (_PROVIDERS, ("!(anthropic|openai)",), "abc"),
        (_REASONING, ("&high", "&anthropic"), "a"),
        (_REASONING, ("&high",), "ab"),
        (_REASONING, ("&high", "anthropic", "openai", "!openai"), "a"),
        (_REASONING, ("&high", "!anthropic"), "b"),
        (_REASONING, ("&unheard-of",), ""),
        (_REASONING, ("&", "!"), "abcd"),
        ({"a": ("x",), "b": ("y", "x"), "c": ()}, ("&x", "!y"), "a"),
    ],
)
def test_tags_lead_where_the_documentation_says(
    tagged: dict[str, tuple[str, ...]], tags: tuple[str, ...], left: str
) -> None:
    assert _left(tagged, tags) == left


@pytest.mark.parametrize(
    ("tags", "left"),
    [(("high", "anthropic"), "a"), (("high",), "ab"), (("openai", "anthropic"), ""), ((), "abcd")],
)
def test_all_tags_count_where_the_operator_wants_it_so(tags: tuple[str, ...], left: str) -> None:
    assert _left(_REASONING, tags, any_is_enough=False) == left


@pytest.mark.parametrize(
    ("own", "tags", "any_is_enough", "reason"),
    [
        (("eu",), ("!eu",), True, "has a tag that the request excludes: 'eu'"),
        (("eu",), ("&us", "&fast"), True, "lacks what the request requires: 'fast', 'us'"),
        (("eu",), ("us", "known"), True, "has none of the request's tags: 'known', 'us'"),
        (("eu",), ("eu", "us"), False, "lacks tags of the request: 'us'"),
        (("eu",), (), True, "requests without a tag of this group are for deployments tagged 'default'"),
    ],
)
def test_reasons_name_the_tags(
    own: tuple[str, ...], tags: tuple[str, ...], any_is_enough: bool, reason: str
) -> None:
    members = [member("a", tags=own), member("b", tags=("default", "known"))]
    assert reasons_by_tags(members, tags, any_is_enough=any_is_enough)[0] == reason


def test_long_tags_are_cut_in_reasons() -> None:
    reason = reasons_by_tags([member()], [f"&{'x' * 10_000}\n"], any_is_enough=True)[0]
    assert reason is not None
    assert len(reason) < 120
    assert "\n" not in reason


@given(st.lists(st.sampled_from(TAGS), max_size=3), st.booleans())
def test_a_ban_is_never_broken_and_a_demand_always_met(tags: list[str], any_is_enough: bool) -> None:
    tagged: dict[str, tuple[str, ...]] = {"a": (), "b": TAGS, "c": ("eu",), "d": ("eu", "default"), "e": ("free",)}
    for left in _left(tagged, ("!free", "&eu", *tags), any_is_enough=any_is_enough):
        assert "free" not in tagged[left]
        assert "eu" in tagged[left]
