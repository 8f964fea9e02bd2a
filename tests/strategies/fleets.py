"""Deployments and fleets, for the property tests of routing."""

from hypothesis import strategies as st

from domain.routing.fleet import Deployment

GROUP_NAMES = ("gpt-4o", "gpt-4o-mini", "claude", "team/fast", "größe", "a.b+c", "(x)")
PATTERNS = ("*", "openai/*", "openai/gpt-*", "openai/gpt-*-mini", "*-mini", "team/*", "claude*", "o[1]/*")


def deployment(
    group: str = "gpt-4o",
    *,
    ident: str = "one",
    provider: str = "openai",
    model: str = "gpt-4o",
    weight: float | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    unready: str | None = None,
) -> Deployment:
    """A deployment in which only what a test is about stands out."""
    return Deployment(
        id=ident,
        group=group,
        provider=provider,
        model=model,
        weight=weight,
        rpm=rpm,
        tpm=tpm,
        unready=unready,
    )


def names() -> st.SearchStrategy[str]:
    """Names as clients ask for them; none holds a `*`."""
    return st.one_of(
        st.sampled_from([*GROUP_NAMES, "openai/gpt-5", "openai/gpt-5-mini", "openai/", "line\nbreak", "claude-3"]),
        st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=1, max_size=12),
    )


@st.composite
def groups(draw: st.DrawFn) -> tuple[Deployment, ...]:
    """Deployments of several groups, exact names and patterns mixed."""
    drawn = draw(st.lists(st.sampled_from([*GROUP_NAMES, *PATTERNS]), min_size=1, max_size=10))
    return tuple(
        deployment(group, ident=str(index), model="up-*" if "*" in group else "up")
        for index, group in enumerate(drawn)
    )
