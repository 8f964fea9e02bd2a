from dataclasses import replace

import pytest

from application.call_record import CallRecord
from domain.chat.loss import Loss, LossKind, LossPolicy, path_of
from domain.errors import UnsupportedFeature
from tests.application.fakes import chat_call
from tests.strategies.fleets import deployment

_PARAMETER = Loss("dropped_param", "/seed", kind=LossKind.PARAMETER)
_CHANGE = Loss("system_folded", "/messages/2")
_HINT = Loss("dropped_cache", "/messages/0", kind=LossKind.HINT)


@pytest.mark.parametrize(
    ("operator_drops", "operator_strict", "caller_drops", "caller_strict", "refused"),
    [
        (None, False, None, False, []),
        (True, False, None, False, []),
        (False, False, None, False, [_PARAMETER]),
        (False, False, True, False, []),
        (True, False, False, False, [_PARAMETER]),
        (None, True, None, False, [_PARAMETER, _CHANGE]),
        (None, False, True, True, [_PARAMETER, _CHANGE]),
    ],
)
def test_the_caller_decides_about_drops_and_either_about_strictness(
    operator_drops: bool | None,
    operator_strict: bool,
    caller_drops: bool | None,
    caller_strict: bool,
    refused: list[Loss],
) -> None:
    policy = LossPolicy(drop_params=operator_drops, strict=operator_strict)
    target = replace(deployment(), loss_policy=policy)
    for loss in (_PARAMETER, _CHANGE, _HINT):
        call = chat_call(drop_params=caller_drops, strict=caller_strict)
        if loss in refused:
            with pytest.raises(UnsupportedFeature) as raised:
                call.accept([loss], target)
            assert raised.value.param == path_of(loss.where)
            assert call.losses == []
        else:
            call.accept([loss], target)
            assert call.losses == [loss]


def test_losses_gather() -> None:
    call = chat_call()
    for losses in ([_HINT], [], [_CHANGE]):
        call.accept(losses, deployment())
    assert call.losses == [_HINT, _CHANGE]


def test_a_loss_in_the_answer_is_noted_once_and_refused_by_nobody() -> None:
    call = chat_call(strict=True)
    for loss in (_CHANGE, _PARAMETER, _CHANGE):
        call.lose(loss)
    assert call.losses == [_CHANGE, _PARAMETER]


def test_a_record_s_times_add_up() -> None:
    record = CallRecord(request_id="r", route="/x", received_s=10.0, finished_s=15.0, upstream_s=4.0)
    assert (record.duration_s, record.overhead_s) == (5.0, 1.0)
    assert replace(record, upstream_s=9.0).overhead_s == 0.0


def test_the_record_counts_what_a_failed_call_lost_and_forgets_an_earlier_try_s() -> None:
    dropped = Loss("dropped_param", "/user", "no such member", LossKind.PARAMETER)
    first, second = deployment(ident="first"), deployment(ident="second")
    call = chat_call()
    call.record.asked(first, None)
    call.accept([dropped, dropped], first)
    assert call.record.losses == 2
    call.record.asked(second, None)
    again = call.again()
    assert call.record.losses == 0
    again.accept([dropped], second)
    assert call.record.losses == 1
