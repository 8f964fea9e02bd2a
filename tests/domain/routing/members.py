"""Members with a standing, for the tests of what routing chooses by."""

from typing import Any

from hypothesis import strategies as st

from domain.pricing.price import Price
from domain.routing.failure import ErrorClass
from domain.routing.fleet import Deployment
from domain.routing.group import Member
from domain.routing.health import WELL, Health, limited, probing, tripped
from domain.routing.standing import Standing

NOW_S = 1_200.0
"""When the tests take place: at the beginning of a minute, so that what was counted before fades exactly."""
TAGS = ("default", "free", "paid", "eu")


def member(  # every argument is what a test is about
    ident: str = "one",
    *,
    in_flight: int = 0,
    open_s: float | None = None,
    open_at_s: float = NOW_S,
    requests: int = 0,
    tokens: int = 0,
    health: Health = WELL,
    **configured: Any,
) -> Member:
    """A member of which only what a test is about stands out; `requests` and `tokens` are of the running minute."""
    standing = Standing()
    standing.in_flight, standing.health = in_flight, health
    standing.open_s, standing.open_at_s = open_s, open_at_s
    standing.requests.add(requests, NOW_S)
    standing.tokens.add(tokens, NOW_S)
    return Member(Deployment(id=ident, group="g", provider="openai", model="m", **configured), standing)


def idents(members: tuple[Member, ...]) -> str:
    """Their ids, in their order, in one string."""
    return "".join(each.deployment.id for each in members)


def healths() -> st.SearchStrategy[Health]:
    """Well, limited, failing, probed, and limited beside that; what passed and what is to come."""
    ages = st.sampled_from([0.0, 0.5, 1.9, 2.0, 2.1, 60.0])
    opened = ages.map(lambda age_s: tripped(WELL, NOW_S - age_s, cooldown_s=None))
    broken = st.one_of(opened, opened.map(lambda health: probing(health, NOW_S)), st.just(WELL))
    return st.tuples(broken, st.sampled_from([-1.0, 0.0, 0.04, 1.0, 3.2, 7.0])).map(
        lambda drawn: drawn[0] if drawn[1] < 0 else limited(drawn[0], NOW_S + drawn[1])
    )


def _optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


@st.composite
def groups(draw: st.DrawFn, *, min_size: int = 1) -> tuple[Member, ...]:
    """The members of one group, with any configuration and any standing."""
    configured = st.fixed_dictionaries(
        {
            "weight": _optional(st.sampled_from([0.0, 1.0, 9.0])),
            "rpm": _optional(st.sampled_from([0.0, 1.0, 10.0])),
            "tpm": _optional(st.sampled_from([1.0, 1_000.0])),
            "order": _optional(st.integers(1, 3)),
            "tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=2).map(tuple),
            "max_parallel_requests": _optional(st.integers(1, 3)),
            "max_prompt_tokens": _optional(st.sampled_from([10, 1_000])),
            "unready": _optional(st.just("OPENAI_API_KEY is not set")),
            "price": _optional(st.floats(0.0, 1e-3).map(lambda usd: Price(input_usd=usd, output_usd=usd))),
            "in_flight": st.integers(0, 3),
            "open_s": _optional(st.floats(0.01, 30.0)),
            "open_at_s": st.floats(NOW_S - 300.0, NOW_S),
            "requests": st.integers(0, 12),
            "tokens": st.integers(0, 2_000),
            "health": healths(),
        }
    )
    drawn = draw(st.lists(configured, min_size=min_size, max_size=5))
    return tuple(member(chr(ord("a") + index), **fields) for index, fields in enumerate(drawn))


def error_classes() -> st.SearchStrategy[ErrorClass]:
    """Any class of errors."""
    return st.sampled_from(list(ErrorClass))
