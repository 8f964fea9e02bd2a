"""What a batch has cost is known to its next run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.spent_file import SpentFile, spent_path

AMOUNTS = st.lists(st.floats(0, 1_000, allow_nan=False), max_size=5)


@given(runs=st.lists(AMOUNTS, max_size=4))
def test_runs_go_on_from_what_was_spent(runs: list[list[float]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = spent_path(tmp_path_factory.mktemp("spent") / "results.jsonl")
    usd = 0.0
    for run in runs:
        with SpentFile(path) as spent:
            assert spent.usd == pytest.approx(usd, abs=1e-6)
            for amount in run:
                spent.add(amount)
        usd += sum(run)


def test_what_was_added_is_there_although_nobody_closed_it(tmp_path: Path) -> None:
    path = tmp_path / "spent"
    first = SpentFile(path)
    first.add(1.5)
    second = SpentFile(path)
    assert second.usd == 1.5
    first.close()
    second.close()


def test_there_is_no_file_before_something_is_spent(tmp_path: Path) -> None:
    with SpentFile(tmp_path / "spent"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_crash_before_the_first_amount_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "spent"
    path.touch()
    with SpentFile(path) as spent:
        assert spent.usd == 0.0
        spent.add(0.5)
    assert float(path.read_bytes()) == 0.5


@pytest.mark.parametrize("text", ["\0\0", "a lot", "-1", "nan", "inf", "1 2"])
def test_what_is_no_amount_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "spent"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BatchFilesRefused, match="US dollars"):
        SpentFile(path)
    assert path.read_text("utf-8") == text
