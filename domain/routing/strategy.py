"""Which of several equal deployments answers."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from domain.routing.fleet import Deployment


def simple_shuffle(deployments: Sequence[Deployment], draw: Callable[[], float]) -> Deployment:
    """A random deployment, in shares of `weight`, else `rpm`, else `tpm`, else all alike.

    The first of the three that any deployment has counts; those without it then get nothing. `draw` gives
    numbers in [0, 1). `deployments` is not empty.
    """
    if len(deployments) == 1:
        return deployments[0]
    shares = _shares(deployments)
    bounds = list(accumulate(shares))
    mark = draw() * bounds[-1]
    return next(
        (deployment for deployment, bound in zip(deployments, bounds, strict=True) if mark < bound),
        deployments[-1],
    )


def _shares(deployments: Sequence[Deployment]) -> list[float]:
    for shares in (
        [deployment.weight or 0.0 for deployment in deployments],
        [deployment.rpm or 0.0 for deployment in deployments],
        [deployment.tpm or 0.0 for deployment in deployments],
    ):
        if sum(shares) > 0:
            return shares
    return [1.0] * len(deployments)
