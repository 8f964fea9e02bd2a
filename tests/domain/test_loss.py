import pytest

from domain.chat.loss import Loss, LossKind, LossPolicy, path_of
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


def test_the_refusal_is_of_a_size_for_people() -> None:
    losses = [Loss("dropped_ext", f"/{index}{'x' * 10_000}") for index in range(1_000)]
    with pytest.raises(UnsupportedFeature, match="and 984 more") as raised:
        LossPolicy(strict=True).check(losses, provider="p", model="m")
    assert len(raised.value.message) < 5_000
    assert len(losses[0].place) == 201


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("/seed", "seed"),
        ("/messages/2/content/0", "messages[2].content[0]"),
        ("/tools/1/function", "tools[1].function"),
    ],
)
def test_a_pointer_as_a_path(pointer: str, path: str) -> None:
    assert path_of(pointer) == path
