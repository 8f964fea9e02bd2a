from datetime import UTC, datetime

from adapters.observability.system_clock import SystemClock
from application.ports.clock import Clock


def test_it_tells_the_systems_time() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.unix_s() - datetime.now(UTC).timestamp()) < 60


def test_durations_never_run_backwards() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_s() for _ in range(1_000)]
    assert readings == sorted(readings)
