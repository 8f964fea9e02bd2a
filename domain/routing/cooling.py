"""What a call's outcome does to a deployment's health."""

from typing import Final, assert_never

from domain.errors import FeatherGateError
from domain.routing.failure import Consequence, Cooling, ErrorClass
from domain.routing.fleet import Deployment
from domain.routing.health import Breaker, Health, limited, recovered, tripped
from domain.routing.policy import CooldownPolicy
from domain.routing.standing import Standing

FAILURES_IN_A_ROW: Final = 5
BY_CHANCE: Final = 1e-6
SUPPOSED_CALLS: Final = 20
SUPPOSED_FAILURES: Final = 1
"""A deployment is taken to be away after as many failures in a row as chance brings once in a million times, five
at least, given what share of its calls failed within a minute before; one of twenty is supposed where little is
known. So five are enough where 5 % fail, nine where 20 % do. Were five enough in any case, 73 % of the calls to a
lone deployment of which 20 % fail would be answered instead of 99 %, at 70 calls/s (`make simulate`)."""
SHORTEST_ROW_S: Final = 1.0
LONGEST_ROW_S: Final = 5.0
"""Where nobody else is well they must also go on for twice the time that its answers take to their first token,
since failures come sooner. Without this 58 % of the calls to a lone deployment of which 60 % fail would be
answered instead of 78 %."""
FEWEST_CALLS: Final = 20
WORST_SHARE: Final = 0.5
"""A deployment is left to others that are well when more than half of its last minute's calls, twenty at least,
failed. Were the last one that is well left alone likewise, 25 % of the calls to three deployments of which each
fails 20 % would be answered instead of 99 %; with ten calls for twenty, and the least busy one asked, one of a
hundred would wait 3.1 s for its first token instead of 1.4 s."""

UNTOLD_LIMIT_S: Final = 5.0
"""How long a rate limit is taken to last whose upstream does not say: litellm's cooldown_time."""
LONGEST_LIMIT_S: Final = 3_600.0


def cooldown_of(deployment: Deployment, policy: CooldownPolicy) -> float | None:
    """How long a deployment is left alone: its own word, else the policy's."""
    return policy.cooldown_s if deployment.cooldown_s is None else deployment.cooldown_s


def after_failure(
    standing: Standing,
    deployment: Deployment,
    error: FeatherGateError,
    consequence: Consequence,
    policy: CooldownPolicy,
    *,
    now_s: float,
    alone: bool,
    is_probe: bool,
) -> Health:
    """The health after `error`, which `standing` has counted.

    alone: nobody else could answer instead. is_probe: the call was to prove that the deployment is well; what
    becomes of calls that began before it was left alone is no news.
    """
    health = standing.health
    proves = is_probe and health.breaker is Breaker.HALF_OPEN
    cooldown_s = cooldown_of(deployment, policy)
    if not policy.enabled or cooldown_s == 0 or error.origin != "provider":
        return health
    match consequence.cools:
        case Cooling.NEVER:
            # An answer that blames the caller is one all the same: the deployment is there.
            return recovered(health) if proves else health
        case Cooling.LIMITED:
            told = recovered(health) if proves else health
            wait_s = _limit_s(standing, error, policy, now_s=now_s, cooldown_s=cooldown_s, alone=alone)
            return told if wait_s is None else limited(told, now_s + wait_s)
        case Cooling.AT_ONCE:
            at_once = not alone
        case Cooling.COUNTS:
            at_once = False
        case _:
            assert_never(consequence.cools)
    if health.breaker is not Breaker.CLOSED and not proves:
        return health
    if (
        at_once
        or proves
        or _failed_too_often(standing, deployment, consequence.error_class, policy, now_s=now_s, alone=alone)
    ):
        return tripped(health, now_s, cooldown_s=cooldown_s, why=_why(standing, error, now_s))
    return health


def _why(standing: Standing, error: FeatherGateError, now_s: float) -> str:
    """The last failure, and how many there were of late."""
    if standing.health.breaker is Breaker.HALF_OPEN:
        return f"its probe failed with {error.label}"
    failures = standing.failures.last(now_s)
    calls = failures + standing.successes.last(now_s)
    return f"{error.label}; {standing.row} in a row, {failures:.0f} of {calls:.0f} calls failed within a minute"


def _limit_s(
    standing: Standing,
    error: FeatherGateError,
    policy: CooldownPolicy,
    *,
    now_s: float,
    cooldown_s: float | None,
    alone: bool,
) -> float | None:
    """For how long a rate limit keeps the deployment from being asked; None = it does not."""
    wait_s = error.retry_after_s
    if wait_s is None:
        allowed = policy.allowed_by_class.get(ErrorClass.RATE_LIMIT)
        if alone or (allowed is not None and standing.failures_of(ErrorClass.RATE_LIMIT, now_s) <= allowed):
            return None
        wait_s = UNTOLD_LIMIT_S if cooldown_s is None else cooldown_s
    return min(wait_s, LONGEST_LIMIT_S)


def _failed_too_often(
    standing: Standing,
    deployment: Deployment,
    error_class: ErrorClass,
    policy: CooldownPolicy,
    *,
    now_s: float,
    alone: bool,
) -> bool:
    of_class = policy.allowed_by_class.get(error_class)
    if of_class is not None:
        return standing.failures_of(error_class, now_s) > of_class
    failures = standing.failures.last(now_s)
    allowed = policy.allowed_fails if deployment.allowed_fails is None else deployment.allowed_fails
    if allowed is not None:
        return failures > allowed
    successes = max(0.0, standing.successes.last(now_s))
    lasting_s = now_s - standing.row_at_s
    if _seems_away(standing.row, failures, successes) and (not alone or lasting_s >= _shortest_row_s(standing)):
        return True
    calls = failures + successes
    return not alone and calls >= FEWEST_CALLS and failures > WORST_SHARE * calls


def _seems_away(row: int, failures: float, successes: float) -> bool:
    """Whether `row`, the newest of so many failures within a minute, are no chance."""
    if row < FAILURES_IN_A_ROW:
        return False
    before = max(0.0, failures - row)
    usual = (before + SUPPOSED_FAILURES) / (before + successes + SUPPOSED_CALLS)
    return usual**row <= BY_CHANCE


def _shortest_row_s(standing: Standing) -> float:
    return min(LONGEST_ROW_S, max(SHORTEST_ROW_S, 2.0 * (standing.open_s or 0.0)))
