"""The command line of `feathergate batch`: what can be typed, and what it means."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.dialects.batch_lines.line_paths import DIALECTS
from adapters.persistence.batch_input import STANDARD_INPUT
from domain.batch.shard import Shard
from entrypoints.arguments import DEFAULT_CONFIG, add_logging, whole_number

DEFAULT_CONCURRENCY: Final = 64
DEFAULT_MAX_ATTEMPTS: Final = 5
MAX_CONCURRENCY: Final = 10_000
MAX_PER_MINUTE: Final = 1_000_000_000
MAX_ATTEMPTS: Final = 1_000
DEFAULT_LOG_LEVEL: Final = "warning"

_EXITS: Final = """\
exit status:
  0  every request succeeded
  1  some failed; --retry-failed asks them again
  2  what was asked is mistaken; nothing was sent
  3  none succeeded
  4  it ended early: the budget was reached, or somebody stopped it; --resume goes on
  5  it broke off: the results could not be written, or the requests not read; --resume goes on
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """One command line of `feathergate batch`.

    requests:   the file of requests; None = standard input.
    output:     where results go; None where nothing is sent (`dry_run`).
    errors:     where failed requests' results go instead; None = to `output`, too.
    rpm, tpm, budget_usd: None = no limit but the providers' own.
    """

    requests: Path | None
    output: Path | None
    errors: Path | None
    config: Path
    model: str | None
    dialect: str
    concurrency: int
    rpm: int | None
    tpm: int | None
    budget_usd: float | None
    max_attempts: int
    resume: bool
    retry_failed: bool
    dry_run: bool
    shard: Shard
    skip_bad_lines: bool
    dotenv: bool
    log_level: str
    log_format: str | None


def parse_batch_arguments(argv: Sequence[str]) -> BatchOptions:
    """The options in `argv` (after `batch`). Exits with status 2 and a sentence where it is wrong."""
    parser = _parser()
    given = parser.parse_args(argv)
    if given.output is None and not given.dry_run:
        parser.error("-o FILE says where the results go; --dry-run does without")
    return BatchOptions(
        requests=None if given.requests == STANDARD_INPUT else Path(given.requests),
        output=given.output,
        errors=given.errors,
        config=given.config,
        model=given.model,
        dialect=given.dialect,
        concurrency=given.concurrency,
        rpm=given.rpm,
        tpm=given.tpm,
        budget_usd=given.budget,
        max_attempts=given.max_attempts,
        resume=given.resume,
        retry_failed=given.retry_failed,
        dry_run=given.dry_run,
        shard=given.shard,
        skip_bad_lines=given.skip_bad_lines,
        dotenv=not given.no_dotenv,
        log_level=given.log_level or DEFAULT_LOG_LEVEL,
        log_format=given.log_format,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="feathergate batch",
        description="Have a file of requests answered, by the configuration's models, without a server.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "requests",
        metavar="requests.jsonl",
        help="lines of OpenAI's or Anthropic's batches, or bare bodies; .gz is inflated; - = standard input",
    )
    _add_files(parser)
    _add_limits(parser)
    _add_going_on(parser)
    add_logging(parser, default_level=DEFAULT_LOG_LEVEL)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what")
    group.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the results go, a line each")
    group.add_argument(
        "--errors", type=Path, metavar="FILE", help="where the results of failed requests go instead"
    )
    group.add_argument(
        "-c", "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s"
    )
    group.add_argument("--model", help="ask this model, whatever the lines say")
    group.add_argument(
        "--dialect", choices=DIALECTS, default="auto", help="of bare bodies; default: told by their members"
    )
    group.add_argument(
        "--shard",
        type=_shard,
        default=Shard(1, 1),
        metavar="I/N",
        help="only the I-th of N parts, which are the same each time",
    )
    group.add_argument("--skip-bad-lines", action="store_true", help="go on without lines that are mistaken")
    group.add_argument("--dry-run", action="store_true", help="check everything and estimate; send nothing")
    group.add_argument("--no-dotenv", action="store_true", help="do not read a .env file beside the configuration")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how much")
    group.add_argument(
        "--concurrency",
        type=whole_number("a number of requests", MAX_CONCURRENCY),
        default=DEFAULT_CONCURRENCY,
        metavar="N",
        help="most requests at a time; default: %(default)s, fewer while providers say it is too many",
    )
    group.add_argument(
        "--rpm", type=whole_number("requests a minute", MAX_PER_MINUTE), metavar="N", help="most requests a minute"
    )
    group.add_argument(
        "--tpm", type=whole_number("tokens a minute", MAX_PER_MINUTE), metavar="N", help="most tokens a minute"
    )
    group.add_argument(
        "--budget", type=_usd, metavar="USD", help="end before more is spent, earlier runs of the output included"
    )
    group.add_argument(
        "--max-attempts",
        type=whole_number("a number of attempts", MAX_ATTEMPTS),
        default=DEFAULT_MAX_ATTEMPTS,
        metavar="N",
        help="how often a request is asked at most, routing's own retries apart; default: %(default)s",
    )


def _add_going_on(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("going on")
    group.add_argument("--resume", action="store_true", help="go on with what an earlier run has left")
    group.add_argument(
        "--retry-failed", action="store_true", help="go on, and ask again what failed in earlier runs"
    )


def _usd(text: str) -> float:
    try:
        usd = float(text)
    except ValueError:
        usd = 0.0
    if not 0 < usd < float("inf"):
        raise argparse.ArgumentTypeError(f"expected US dollars above 0, got {text!r}")
    return usd


def _shard(text: str) -> Shard:
    index, slash, count = text.partition("/")
    if slash and text.isascii() and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return Shard(int(index), int(count))
    raise argparse.ArgumentTypeError(f"expected I/N with I from 1 to N, such as 3/8, got {text!r}")
