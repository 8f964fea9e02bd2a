"""The names that a configuration can mean by the name of a model."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from adapters.config.mistakes import Findings, Location
from adapters.config.spelling import nearest


@dataclass(frozen=True, slots=True)
class Names:
    """Model groups, their aliases, and whatever else a call can name."""

    known: frozenset[str]

    @classmethod
    def of(cls, *names: Iterable[str]) -> "Names":
        return cls(frozenset().union(*names))

    def serve(self, name: str) -> bool:
        """Whether a call for `name` finds somebody: by that very name, or by a wildcard."""
        if name in self.known:
            return True
        wildcards = (pattern for pattern in self.known if "*" in pattern)
        return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) for pattern in wildcards)

    def require(self, name: str, key: str, *, where: Location, findings: Findings) -> None:
        """Note a mistake in `key` unless `name` is served."""
        if not self.serve(name):
            message = f"'{key}' names a model that no entry of model_list has"
            findings.refuse(where, message, suggestion=nearest(name, self.known))
