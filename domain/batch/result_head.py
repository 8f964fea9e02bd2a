from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultHead:
    """What a batch needs to know of a result that stands in its file."""

    custom_id: str
    succeeded: bool
