"""One answer, judged: how it ended in the words of the page, and whatever is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from domain.errors import ErrorKind
from tests.e2e.routing.cells import ALONE, Cell
from tests.e2e.routing.formats import TOKENS
from tests.e2e.routing.raw_clients import CLIENTS, Said
from tests.e2e.scripted_upstream import ScriptedUpstream

_LATE_S = 1.0
"""How much after its deadline an answer may arrive on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a cell ended, in the words of the page, and what else was wrong with it."""

    cell: Cell
    ending: str
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer as it arrived."""

    cell: Cell
    status: int
    headers: httpx.Headers
    said: Said
    took_s: float

    @property
    def request_id(self) -> str:
        return self.headers["x-request-id"]

    def judged(self, upstream: ScriptedUpstream, line: dict[str, Any]) -> Seen:
        """What was seen; `line` is the log's of this request, `upstream` has counted the calls."""
        label, attempts = line.get("error"), line.get("attempts", 1)
        other = upstream.calls[self.cell.other]
        # Refused connections reach nobody who could count them: there the gateway's word must do.
        first = attempts - other if self.cell.scenario.fault is None else upstream.calls[self.cell.first]
        calls = str(first) if self.cell.shape == ALONE else f"{first} + {other}"
        flaws = (*self._flaws(label), *self._miscounts(first + other, attempts))
        return Seen(cell=self.cell, ending=f"{self._ending(label)}; {calls}", flaws=flaws)

    def _ending(self, label: str | None) -> str:
        if self.status != 200:
            # An Anthropic client's 529 is everybody else's 503.
            status = 503 if self.cell.client == "messages" and self.status == 529 else self.status
            return f"{status} `{label}`"
        if label is not None:
            return f"`{label}` after {self.said.tokens} tokens"
        role = self.headers["x-litellm-model-id"].removeprefix(f"{self.cell.name}-")
        return "answered" if role == "first" else f"answered by the {role}"

    def _flaws(self, label: str | None) -> Iterator[str]:
        said, late_s = self.said, self.took_s - self.cell.scenario.limit_s
        if late_s > _LATE_S:
            yield f"{late_s:.1f} s after its deadline"
        if said.finished is not (label is None):
            yield f"the log says {label}, and the answer is {'' if said.finished else 'not '}finished"
        if label is None and said.tokens not in (0, TOKENS):
            yield f"{said.tokens} tokens"
        if (label is None) != (said.error is None):
            yield f"the log says {label}, the answer {said.error}"
        elif label is not None and said.error is not None:
            kind = ErrorKind(label.partition("_")[2])
            if not CLIENTS[self.cell.client].tells(said.error, kind):
                yield f"{said.error} does not say {kind}"

    def _miscounts(self, calls: int, logged: int) -> Iterator[str]:
        """Where log, head and error do not tell of the calls that were made."""
        if logged != calls:
            yield f"the log says {logged} attempts"
        attempts = int(self.headers.get("x-feathergate-attempts", "1"))
        retries, fallbacks = (
            int(self.headers[f"x-litellm-attempted-{what}"]) for what in ("retries", "fallbacks")
        )
        if attempts != calls or 1 + retries + fallbacks != calls:
            yield f"the head says {attempts} attempts, {retries} retries, {fallbacks} fallbacks"
        told = str(self.said.error).count(f"({self.cell.first})")
        if self.status != 200 and calls > 1 and told != calls:
            yield f"the error tells of {told} attempts: {self.said.error}"
