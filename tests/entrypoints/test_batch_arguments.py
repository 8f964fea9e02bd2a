"""The command line of batches, and the page that lists it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch.shard import Shard
from entrypoints.batch_arguments import parse_batch_arguments
from tests.architecture.modules import ROOT

PAGE = (ROOT / "docs" / "batch.md").read_text("utf-8")


def test_the_defaults_ask_all_of_a_file() -> None:
    options = parse_batch_arguments(["requests.jsonl", "-o", "results.jsonl"])
    assert (options.requests, options.output) == (Path("requests.jsonl"), Path("results.jsonl"))
    assert (options.concurrency, options.max_attempts, options.shard, options.dialect) == (
        64,
        5,
        Shard(1, 1),
        "auto",
    )
    assert (options.rpm, options.tpm, options.budget_usd, options.model, options.errors) == (None,) * 5
    going_on = (options.resume, options.retry_failed, options.dry_run, options.skip_bad_lines)
    assert going_on == (False,) * 4


def test_a_dash_is_standard_input_and_a_dry_run_needs_no_output() -> None:
    options = parse_batch_arguments(["-", "--dry-run"])
    assert (options.requests, options.output, options.dry_run) == (None, None, True)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_shards_are_part_of_how_many(index: int, count: int) -> None:
    shard = Shard(min(index, count), max(index, count))
    options = parse_batch_arguments(["r.jsonl", "-o", "o.jsonl", "--shard", f"{shard.index}/{shard.count}"])
    assert options.shard == shard


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "requests.jsonl"),
        (["r.jsonl"], "-o FILE"),
        (["r.jsonl", "-o", "o", "--shard", "0/4"], "I from 1 to N"),
        (["r.jsonl", "-o", "o", "--shard", "5/4"], "I from 1 to N"),
        (["r.jsonl", "-o", "o", "--shard", "4"], "I from 1 to N"),
        (["r.jsonl", "-o", "o", "--shard", "²/4"], "I from 1 to N"),
        (["r.jsonl", "-o", "o", "--concurrency", "0"], "from 1 to 10000"),
        (["r.jsonl", "-o", "o", "--rpm", "fast"], "requests a minute"),
        (["r.jsonl", "-o", "o", "--tpm", "-1"], "tokens a minute"),
        (["r.jsonl", "-o", "o", "--max-attempts", "1.5"], "attempts"),
        (["r.jsonl", "-o", "o", "--budget", "0"], "US dollars above 0"),
        (["r.jsonl", "-o", "o", "--budget", "nan"], "US dollars above 0"),
        (["r.jsonl", "-o", "o", "--budget", "inf"], "US dollars above 0"),
        (["r.jsonl", "-o", "o", "--budget", "ten"], "US dollars above 0"),
        (["r.jsonl", "-o", "o", "--dialect", "cohere"], "anthropic_messages"),
        (["r.jsonl", "-o", "o", "--res"], "--res"),
        (["r.jsonl", "-o", "o", "--port", "80"], "--port"),
    ],
)
def test_mistakes_are_refused_with_status_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse_batch_arguments(arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_the_page_lists_every_option_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_batch_arguments(["--help"])
    told = capsys.readouterr().out
    options = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", told)) - {"-h", "--help"}
    every = PAGE.partition("## Every option")[2]
    assert set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", every)) == options
    statuses = set(re.findall(r"^  (\d) ", told, re.MULTILINE))
    assert set(re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)) == statuses
