"""What a request loses on its way to Gemini, noted while it is rendered."""

from domain.chat.loss import Loss, LossKind


class Losses:
    """Collects losses in the order they are met, each once."""

    def __init__(self) -> None:
        self._noted: list[Loss] = []

    def add(self, *losses: Loss) -> None:
        """Losses found elsewhere."""
        self._noted.extend(losses)

    def change(self, code: str, where: str, detail: str = "") -> None:
        """The meaning of the request was altered."""
        self._noted.append(Loss(code, where, detail))

    def parameter(self, name: str, detail: str = "Gemini has no such parameter") -> None:
        """A request parameter that has no counterpart; `name` is its path below the request's root."""
        self._noted.append(Loss("dropped_param", f"/{name}", detail, LossKind.PARAMETER))

    def hint(self, code: str, where: str, detail: str = "") -> None:
        """A hint without effect on the answer."""
        self._noted.append(Loss(code, where, detail, LossKind.HINT))

    def noted(self) -> tuple[Loss, ...]:
        return tuple(dict.fromkeys(self._noted))
