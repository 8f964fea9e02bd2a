import pytest

from domain.chat.loss import Loss, LossKind, LossPolicy
from domain.errors import UnsupportedFeature

PARAMETER = Loss("dropped_param", "/seed", "no seed", LossKind.PARAMETER)
CHANGE = Loss("system_folded", "/messages/0")
HINT = Loss("dropped_cache_hint", "/messages/1", kind=LossKind.HINT)


def refused(policy: LossPolicy, *losses: Loss) -> bool:
    try:
        policy.check(losses, provider="p", model="m")
    except UnsupportedFeature:
        return True
    return False


@pytest.mark.parametrize(
    ("policy", "parameter", "change"),
    [
        (LossPolicy(), False, False),
        (LossPolicy(drop_params=True), False, False),
        (LossPolicy(drop_params=False), True, False),
        (LossPolicy(strict=True), True, True),
        (LossPolicy(strict=True, drop_params=True), True, True),
    ],
)
def test_who_refuses_what(policy: LossPolicy, parameter: bool, change: bool) -> None:
    assert refused(policy, PARAMETER) is parameter
    assert refused(policy, CHANGE) is change
    assert not refused(policy, HINT)


def test_the_refusal_names_every_field_and_the_cure() -> None:
    with pytest.raises(UnsupportedFeature, match="/seed \\(no seed\\), /messages/0 \\(system_folded\\)") as raised:
        LossPolicy(strict=True).check([HINT, PARAMETER, CHANGE], provider="p", model="m")
    assert raised.value.param == "seed"
    assert "strict: false" in raised.value.message
    with pytest.raises(UnsupportedFeature, match="drop_params: true"):
        LossPolicy(drop_params=False).check([PARAMETER], provider="p", model="m")
