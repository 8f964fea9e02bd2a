"""Nothing is lost and nothing is paid for twice, however often a batch is killed."""

from pathlib import Path

from tests.e2e.batch.endurance import Plan, endure
from tests.e2e.gateway import BY_SIGNAL


@BY_SIGNAL
def test_a_batch_outlives_kills_over_failing_upstreams(tmp_path: Path) -> None:
    """What `python -m tests.e2e.batch.endurance` does with ten thousand requests and twenty kills, for a while."""
    report = endure(Plan(requests=1_200, kills=5, concurrency=32), tmp_path)
    assert not list(report.flaws()), report.text()
