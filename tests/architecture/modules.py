"""The modules of the four packages as source text and syntax trees, and the mistakes found in them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")


@dataclass(frozen=True, slots=True)
class Module:
    """A module by its dotted name; a package's `__init__` has the package's name."""

    name: str
    path: str
    source: str
    is_package: bool = False

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.source)

    def resolve(self, statement: ast.ImportFrom) -> str:
        """The absolute name of what `from … import` imports from."""
        if not statement.level:
            return statement.module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - statement.level + self.is_package]
        return ".".join([*base, statement.module] if statement.module else base)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Where a rule is broken, and how to do it right."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def own_modules() -> Iterator[Module]:
    """Every module of the four packages."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield read_module(path.relative_to(ROOT))


def read_module(relative: Path) -> Module:
    parts = relative.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, relative.as_posix(), (ROOT / relative).read_text("utf-8"), is_package)


def told(mistakes: list[Mistake]) -> str:
    """The mistakes, one a line, for an assertion's message."""
    return "\n" + "\n".join(str(mistake) for mistake in sorted(mistakes))


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)
