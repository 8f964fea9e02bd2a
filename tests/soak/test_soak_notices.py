"""A short soak: it finds nothing where there is nothing, and everything that was planted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.routing import speech
from tests.e2e.routing.speech import Speech
from tests.e2e.scripted_upstream import Act
from tests.soak import fleet
from tests.soak.report import Bounds
from tests.soak.soak import Plan, soak

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="memory and descriptors are read from Linux's /proc"
)

SHORT = Plan(
    seconds=3.0,
    rate=60.0,
    warm_up_s=1.0,
    flat_from_s=0.0,
    look_every_s=0.4,
    rest_s=5.0,
    bounds=Bounds(memory_mb=15.0, objects=150),
)
"""Too short for memory to become flat, and for every label to have been seen."""


def breaking(spoken: Speech, call: int) -> Sequence[Act]:
    """Streams break midway, whole answers are good."""
    return speech.bad_frame_midway(spoken, call) if spoken.stream else spoken.good()


async def test_a_gateway_that_is_well_has_no_flaws(tmp_path: Path) -> None:
    report = await soak(SHORT, tmp_path)
    assert not list(report.flaws()), report.text()
    assert report.tally.requests > SHORT.rate * SHORT.seconds
    assert report.samples


async def test_what_is_planted_is_found(tmp_path: Path) -> None:
    planted = {**fleet.BEHAVIOURS, fleet.GOOD: breaking, fleet.CUT: speech.good}
    report = await soak(replace(SHORT, rest_s=0.5, program=("tests.soak.planted",), behaviours=planted), tmp_path)
    assert report.tally.unexpected["chat"], "good answers that broke"
    assert report.tally.unexpected["failing"], "answers that should have failed"
    flaws = "\n".join(report.flaws())
    for found in (
        "memory grew by",
        "descriptors at the end",
        "tasks at the end",
        "more objects of __main__.Keepsake at the end",
    ):
        assert found in flaws
