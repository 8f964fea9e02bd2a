"""Where the results of a batch stand, and what stands beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from adapters.persistence.refusals import BatchFilesRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPaths:
    """The files that results are written to.

    errors: has the results of requests that failed, instead of `output`; None = `output` has all of them.
    """

    output: Path
    errors: Path | None = None

    @classmethod
    def beside(cls, output: Path, *, errors: bool) -> Self:
        """`output`, and with `errors` `results.errors.jsonl` beside `results.jsonl`.

        One that an earlier run has left counts also without: its results are results.
        """
        sibling = output.with_name(f"{output.stem}.errors{output.suffix}")
        return cls(output=output, errors=sibling if errors or sibling.exists() else None)

    def all(self) -> tuple[Path, ...]:
        """Every file, the output first."""
        return (self.output,) if self.errors is None else (self.output, self.errors)

    def have_results(self) -> bool:
        """Whether something was written already."""
        return any(path.exists() and path.stat().st_size for path in self.all())

    def refuse_existing(self) -> None:
        """Raises BatchFilesRefused where there are results that a new batch would be mixed with."""
        for path in self.all():
            if path.exists() and path.stat().st_size:
                raise BatchFilesRefused(
                    f"expected no results yet; {path} has some. "
                    "Go on where they end with --resume, or name another output."
                )
