"""What commands that run for minutes have in common: how they end."""

import sys
from collections.abc import Iterator
from typing import Protocol


class Report(Protocol):
    """What was seen of a run."""

    def flaws(self) -> Iterator[str]:
        """What is not as it should be."""
        ...

    def text(self) -> str:
        """The numbers, for people."""
        ...


def exit_status(report: Report) -> int:
    """Tell what was seen and what is wrong with it: 1 where anything is, else 0."""
    flaws = list(report.flaws())
    verdict = "not as it should be" if flaws else "as it should be"
    sys.stdout.write("\n".join([report.text(), *flaws, verdict, ""]))
    return 1 if flaws else 0
