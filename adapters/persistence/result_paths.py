"""Where the results of a batch stand, and what stands beside them."""

from dataclasses import dataclass
from pathlib import Path

from adapters.persistence.refusals import BatchFilesRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPaths:
    """The files that results are written to.

    errors: has the results of requests that failed, instead of `output`; None = `output` has all of them.
    """

    output: Path
    errors: Path | None = None

    def all(self) -> tuple[Path, ...]:
        """Every file, the output first."""
        return (self.output,) if self.errors is None else (self.output, self.errors)

    def have_results(self) -> bool:
        """Whether something was written already."""
        return any(path.exists() and path.stat().st_size for path in self.all())

    def refuse_unfit(self) -> None:
        """Raises BatchFilesRefused where these can be no files of results: nothing was made of them yet."""
        for path in self.all():
            if not path.parent.is_dir():
                raise BatchFilesRefused(
                    f"expected the folder of {path} to be there; it is not. Make it, or name another."
                )
            if path.exists() and not path.is_file():
                raise BatchFilesRefused(
                    f"expected {path} to be a file, to go on with where a run ends; it is something else. "
                    "Name another output."
                )
        if self.errors is not None and self.errors.resolve() == self.output.resolve():
            raise BatchFilesRefused(
                f"expected a file of their own for failed results; {self.errors} has the others. Name another, or "
                "none to have all in one."
            )

    def refuse_existing(self) -> None:
        """Raises BatchFilesRefused where there are results that a new batch would be mixed with."""
        for path in self.all():
            if path.exists() and path.stat().st_size:
                raise BatchFilesRefused(
                    f"expected no results yet; {path} has some. "
                    "Go on where they end with --resume, or name another output."
                )
