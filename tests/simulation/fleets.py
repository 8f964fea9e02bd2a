"""The fleets that are simulated."""

from dataclasses import dataclass
from typing import Final

from tests.simulation.upstreams import Behaviour

WELL: Final = Behaviour()
SLOW: Final = Behaviour(first_token_s=2.0)
BROWN_OUT: Final = Behaviour(brown_out=(30.0, 80.0))
DIES: Final = Behaviour(outages=((9.3, 69.9), (80.4, 109.1)))
FLAPS: Final = Behaviour(outages=tuple((at_s, at_s + 10.3) for at_s in (7.1, 28.9, 49.2, 70.6, 90.3)))
"""Up for ten seconds, down for ten, in no step with the probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedFleet:
    """Deployments of one model, all alike to the gateway, and the traffic to them."""

    name: str
    upstreams: tuple[Behaviour, ...]
    calls_per_s: float
    seconds: float


def failing(share: float) -> Behaviour:
    return Behaviour(error_share=share)


def three(name: str, *upstreams: Behaviour, calls_per_s: float = 200.0, seconds: float = 120.0) -> SimulatedFleet:
    return SimulatedFleet(name=name, upstreams=upstreams, calls_per_s=calls_per_s, seconds=seconds)


def lone(name: str, upstream: Behaviour, *, calls_per_s: float = 70.0, seconds: float = 360.0) -> SimulatedFleet:
    return SimulatedFleet(name=name, upstreams=(upstream,), calls_per_s=calls_per_s, seconds=seconds)


THREES: Final = (
    three("3 well", WELL, WELL, WELL),
    three("1 of 3 slow", SLOW, WELL, WELL),
    three("1 of 3 browns out", BROWN_OUT, WELL, WELL),
    three("1 of 3 dies twice", DIES, WELL, WELL),
    three("1 of 3 flaps", FLAPS, WELL, WELL),
    three("1 of 3 fails 20 %", failing(0.2), WELL, WELL),
    three("1 of 3 fails 60 %", failing(0.6), WELL, WELL),
    three("3 fail 5 %", *(failing(0.05),) * 3),
    three("3 fail 20 %", *(failing(0.2),) * 3),
    three("3 fail 60 %", *(failing(0.6),) * 3),
    three("1 of 3 limited to 30/s", Behaviour(per_s=30.0), WELL, WELL),
    three("3 limited to 60/s", *(Behaviour(per_s=60.0),) * 3),
)
LONES: Final = (
    lone("lone, well", WELL),
    lone("lone, browns out", BROWN_OUT),
    lone("lone, dies twice", DIES, seconds=120.0),
    lone("lone, flaps", FLAPS, seconds=120.0),
    lone("lone, fails 5 %", failing(0.05)),
    lone("lone, fails 20 %", failing(0.2)),
    lone("lone, fails 60 %", failing(0.6)),
    lone("lone, limited to 60/s", Behaviour(per_s=60.0)),
)
