"""What is wrong with a configuration, where, and what was probably meant."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a configuration file. `line` counts from 1; None means the file as a whole."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One reason why a configuration is refused. The message never holds a value that could be a secret."""

    file: str
    line: int | None
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        cure = f"; did you mean '{self.suggestion}'?" if self.suggestion is not None else ""
        return f"{Location(file=self.file, line=self.line)}: {self.message}{cure}"


class ConfigError(Exception):
    """A configuration that cannot be served; carries every mistake found, in the order of their lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(
            sorted(set(mistakes), key=lambda found: (found.file, found.line or 0, found.message))
        )
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to say once at start: a key that is accepted and has no effect.

    `supported` tells keys that need no action here from those whose effect is missing in this version.
    """

    message: str
    supported: bool


@dataclass(slots=True)
class Findings:
    """Collects what the reading of one configuration turns up, so that everything is reported at once."""

    mistakes: list[Mistake] = field(default_factory=list)
    harmless: dict[str, list[Location]] = field(default_factory=dict)
    unsupported: dict[str, list[Location]] = field(default_factory=dict)

    def refuse(self, where: Location, message: str, *, suggestion: str | None = None) -> None:
        """Note a mistake and go on looking for others."""
        self.mistakes.append(Mistake(file=where.file, line=where.line, message=message, suggestion=suggestion))

    def abort(self, where: Location, message: str) -> NoReturn:
        """Note a mistake after which nothing else can be read; raises ConfigError."""
        self.refuse(where, message)
        raise ConfigError(self.mistakes) from None

    def require_none(self) -> None:
        """Raise ConfigError if there is any mistake."""
        if self.mistakes:
            raise ConfigError(self.mistakes)

    def notices(self) -> tuple[Notice, ...]:
        """One sentence for all harmless keys, one for each key that this version does not support yet."""
        notices = [
            Notice(
                supported=False,
                message=f"{name} is not supported by this version yet and has no effect ({_listed(places)})",
            )
            for name, places in self.unsupported.items()
        ]
        if self.harmless:
            named = ", ".join(f"{name} ({_listed(places)})" for name, places in self.harmless.items())
            notices.append(Notice(supported=True, message=f"known and without effect here: {named}"))
        return tuple(notices)


def _listed(places: list[Location]) -> str:
    return ", ".join(dict.fromkeys(map(str, places)))
