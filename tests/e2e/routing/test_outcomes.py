"""Every way to fail ends as it has to, for every client, and the page of outcomes says so."""

import asyncio
from pathlib import Path

from tests.e2e.gateway import ROOT
from tests.e2e.routing.cells import ALONE, WITH_SECOND
from tests.e2e.routing.outcome_page import page
from tests.e2e.routing.programme import play_all
from tests.e2e.routing.verdicts import Seen

PAGE = ROOT / "docs" / "routing_outcomes.md"


def complaint(seen: Seen) -> str:
    cell = seen.cell
    mode = "streamed" if cell.stream else "buffered"
    where = f"{cell.scenario.name}, {cell.shape}, {mode}, {cell.client} from {cell.upstream}"
    return f"{where}: expected {cell.expected!r}; saw {seen.ending!r} {'; '.join(seen.flaws)}"


def test_every_failure_ends_as_told(tmp_path: Path) -> None:
    """One test, since one run sees everything that the page says."""
    seen, recoveries = asyncio.run(play_all(tmp_path))
    played = [one for act in seen for one in act]
    wrong = [one for one in played if one.flaws or one.ending != one.cell.expected]
    assert not wrong, "\n" + "\n".join(map(complaint, wrong))
    assert {(one.cell.shape, one.at_first, one.then) for one in recoveries} == {
        (ALONE, "503 `provider_unavailable`; 3", "503 `gateway_no_deployment`; 0"),
        (WITH_SECOND, "answered by the second; 1", "answered by the second; 2"),
    }
    assert {one.back for one in recoveries} == {"answered by the first, within one cooldown; 1"}
    assert PAGE.read_text("utf-8") == page(seen, recoveries), f"{PAGE.name} is not what is seen: run `make docs`"
