"""What a translation dropped or changed, and whether the caller accepts that."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.errors import UnsupportedFeature
from domain.values import dataclass

_LONGEST_PLACE: Final = 200
_MOST_NAMED: Final = 16


class LossKind(StrEnum):
    """How much a loss weighs.

    PARAMETER: a request parameter that the target lacks; `drop_params` governs it.
    CHANGE: the meaning of the request was altered or a part of it left out.
    HINT: only a hint without effect on the answer was lost.
    """

    PARAMETER = "parameter"
    CHANGE = "change"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing a translation dropped or changed.

    `code` is a fixed snake_case word (`dropped_param`, `system_folded`, …), `where` a JSON pointer in the
    member names of an OpenAI chat request (`/seed`, `/messages/3/content/1`) or, where an answer lost it, of a
    chat completion (`/choices/0/finish_reason`), `detail` one short clause.
    """

    code: str
    where: str
    detail: str = ""
    kind: LossKind = LossKind.CHANGE

    @property
    def place(self) -> str:
        """`where`, cut where a caller's own member names make it long: fit for headers, logs and messages."""
        return self.where if len(self.where) <= _LONGEST_PLACE else f"{self.where[:_LONGEST_PLACE]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPolicy:
    """What the caller and the operator accept.

    drop_params: False refuses unsupported parameters; True and None drop them (None also logs a warning).
    strict: every loss that can change the answer is refused.
    """

    drop_params: bool | None = None
    strict: bool = False

    def check(self, losses: Iterable[Loss], *, provider: str, model: str) -> None:
        """Raise UnsupportedFeature that names each loss the caller does not accept."""
        refused = [loss for loss in losses if self._refuses(loss)]
        if not refused:
            return
        fields = ", ".join(_clause(loss) for loss in refused[:_MOST_NAMED])
        if len(refused) > _MOST_NAMED:
            fields += f" and {len(refused) - _MOST_NAMED} more"
        raise UnsupportedFeature(
            f"{model} at {provider} cannot express this request exactly: {fields}. Leave these out, or allow "
            f"{'lossy translation (strict: false)' if self.strict else 'dropping them (drop_params: true)'}.",
            param=path_of(refused[0].place),
            provider=provider,
            model=model,
        )

    def _refuses(self, loss: Loss) -> bool:
        if loss.kind is LossKind.HINT:
            return False
        return self.strict or (self.drop_params is False and loss.kind is LossKind.PARAMETER)


ACCEPT_LOSSES: Final = LossPolicy()


def path_of(pointer: str) -> str:
    """A JSON pointer as a path: `/messages/2/content/0` is `messages[2].content[0]`."""
    steps = pointer.removeprefix("/").split("/")
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps).removeprefix(".")


def _clause(loss: Loss) -> str:
    return f"{loss.place} ({loss.detail or loss.code})"
