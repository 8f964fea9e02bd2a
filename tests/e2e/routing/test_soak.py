"""Steady traffic while deployments die: nobody notices before the first word, and the dead are left alone."""

from pathlib import Path

from tests.e2e.routing.soak import Plan, soak


async def test_kills_cost_little_and_nobody_notices(tmp_path: Path) -> None:
    """What `make soak-routing` does for two minutes, for a few seconds."""
    report = await soak(Plan(rate=100.0, seconds=5.0, dead_s=1.3, alive_s=1.2), tmp_path)
    assert len(report.kills) == 2
    assert not list(report.flaws()), report.text()
