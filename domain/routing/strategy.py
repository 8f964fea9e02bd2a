"""Which of several equal deployments answers.

simple-shuffle:         a random one, in shares of weight, else rpm, else tpm, else all alike.
least-busy:             the one with the fewest calls in flight.
latency-based-routing:  of two random ones the one that is likely to answer sooner.
cost-based-routing:     the cheapest, by what a token in and a token out cost together.
usage-based-routing:    the one that used the smallest share of its tokens in the running minute; v2: of its tokens
                        or of its requests, whichever is nearer to its limit.

Ties are broken at random. All but the first two pass by deployments whose rpm or tpm is used up, as long as
another one is left.
"""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp2
from types import MappingProxyType
from typing import Final, TypeVar

from domain.routing.fleet import Deployment
from domain.routing.group import Draw, Member, Pick
from domain.routing.policy import Strategy
from domain.routing.room import used_up
from domain.routing.standing import MEMORY_S, Standing

_SUPPOSED_OPEN_S: Final = 1.0
"""How long an answer of unknown latency is supposed to take, while another one is awaited."""
_UNKNOWN_PRICE_USD: Final = 10.0
"""What a token in and one out cost where nobody knows, as in litellm: more than anywhere else."""

_Rank = TypeVar("_Rank", int, float)


def picker(strategy: Strategy) -> Pick:
    """The strategy of that name."""
    return _PICKS[strategy]


def _shuffle(members: Sequence[Member], now_s: float, draw: Draw) -> Member:  # noqa: ARG001 - chance needs no clock
    if len(members) == 1:
        return members[0]
    bounds = list(accumulate(_shares([member.deployment for member in members])))
    return members[bisect(bounds, draw() * bounds[-1])]


def _least_busy(members: Sequence[Member], now_s: float, draw: Draw) -> Member:  # noqa: ARG001 - nor does a count
    if len(members) == 1:
        return members[0]
    return _least(members, [member.standing.in_flight for member in members], draw)


def _sooner_of_two(members: Sequence[Member], now_s: float, draw: Draw) -> Member:
    """Two are drawn and compared, so that not everybody runs to the one that is fastest at the moment."""
    members = _with_room(members, now_s)
    if len(members) == 1:
        return members[0]
    first = int(draw() * len(members))
    second = int(draw() * (len(members) - 1))
    second += second >= first
    one, other = members[first], members[second]
    return other if _expected_s(other.standing, now_s) < _expected_s(one.standing, now_s) else one


def _cheapest(members: Sequence[Member], now_s: float, draw: Draw) -> Member:
    members = _with_room(members, now_s)
    if len(members) == 1:
        return members[0]
    return _least(members, [_price_usd(member.deployment) for member in members], draw)


def _least_tokens(members: Sequence[Member], now_s: float, draw: Draw) -> Member:
    members = _with_room(members, now_s)
    if len(members) == 1:
        return members[0]
    return _least(members, _shares_of_limits(_tokens(members, now_s), _tpm(members)), draw)


def _least_used(members: Sequence[Member], now_s: float, draw: Draw) -> Member:
    members = _with_room(members, now_s)
    if len(members) == 1:
        return members[0]
    requests = [member.standing.requests.last(now_s) for member in members]
    used = ((_tokens(members, now_s), _tpm(members)), (requests, [member.deployment.rpm for member in members]))
    told = [(amounts, limits) for amounts, limits in used if all(limits)] or used
    shares = [_shares_of_limits(amounts, limits) for amounts, limits in told]
    return _least(members, [max(both) for both in zip(*shares, strict=True)], draw)


_PICKS: Final = MappingProxyType[Strategy, Pick](
    {
        Strategy.SIMPLE_SHUFFLE: _shuffle,
        Strategy.LEAST_BUSY: _least_busy,
        Strategy.LATENCY: _sooner_of_two,
        Strategy.COST: _cheapest,
        Strategy.USAGE: _least_tokens,
        Strategy.USAGE_V2: _least_used,
    }
)


def _shares(deployments: Sequence[Deployment]) -> list[float]:
    """The first of weight, rpm and tpm that any deployment has; those without it then get nothing."""
    for shares in (
        [deployment.weight or 0.0 for deployment in deployments],
        [deployment.rpm or 0.0 for deployment in deployments],
        [deployment.tpm or 0.0 for deployment in deployments],
    ):
        if sum(shares) > 0:
            return shares
    return [1.0] * len(deployments)


def _least(members: Sequence[Member], ranks: Sequence[_Rank], draw: Draw) -> Member:
    """The member of the smallest rank; one of them at random where several have it."""
    smallest = min(ranks)
    equals = [member for member, rank in zip(members, ranks, strict=True) if rank == smallest]
    return equals[int(draw() * len(equals))]


def _with_room(members: Sequence[Member], now_s: float) -> Sequence[Member]:
    """Those whose rpm and tpm are not used up; all where nobody's are left."""
    return [member for member in members if used_up(member, now_s) is None] or members


def _expected_s(standing: Standing, now_s: float) -> float:
    """How long a further answer may take, were the calls in flight answered one after the other.

    An old latency fades, so that what was slow once is tried again; only for the first call though: those that
    follow before it is answered are taken to wait as long as they used to.
    """
    if standing.open_s is None:
        return _SUPPOSED_OPEN_S * standing.in_flight
    freshness = exp2((standing.open_at_s - now_s) / MEMORY_S)
    return standing.open_s * (standing.in_flight + freshness)


def _price_usd(deployment: Deployment) -> float:
    price = deployment.price
    return _UNKNOWN_PRICE_USD if price is None else price.input_usd + price.output_usd


def _tpm(members: Sequence[Member]) -> list[float | None]:
    return [member.deployment.tpm for member in members]


def _tokens(members: Sequence[Member], now_s: float) -> list[float]:
    """The tokens of each one's last minute; calls in flight are taken to use as many as those before them."""
    return [_tokens_of(member.standing, now_s) for member in members]


def _tokens_of(standing: Standing, now_s: float) -> float:
    answered = max(1.0, standing.requests.last(now_s) - standing.in_flight)
    return standing.tokens.last(now_s) * (1.0 + standing.in_flight / answered)


def _shares_of_limits(amounts: Sequence[float], limits: Sequence[float | None]) -> list[float]:
    """Each amount's share of its limit; of the largest amount, where a limit is not known."""
    known = [limit for limit in limits if limit]
    if len(known) < len(amounts):
        known = [max(amounts) or 1.0] * len(amounts)
    return [amount / limit for amount, limit in zip(amounts, known, strict=True)]
