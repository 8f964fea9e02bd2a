"""What is known of one call when it is over: the source of its metrics and its log line."""

from dataclasses import dataclass

from domain.chat.usage import Usage
from domain.errors import FeatherGateError


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """Filled in on the way and booked exactly once, when the last byte left or nobody waits for it any more.

    Times are monotonic seconds. `upstream_s` is the time spent waiting for the upstream; what is left of the
    duration is the gateway's overhead. `status` is the HTTP status the client saw (499: it left before the
    end); `error` also tells failures after a 200.
    """

    request_id: str
    route: str
    received_s: float
    group: str = ""
    deployment: str = ""
    provider: str = ""
    upstream_model: str = ""
    stream: bool = False
    status: int = 0
    error: FeatherGateError | None = None
    first_token_s: float | None = None
    finished_s: float = 0.0
    upstream_s: float = 0.0
    usage: Usage | None = None
    losses: int = 0

    @property
    def duration_s(self) -> float:
        """From the request's arrival to its end."""
        return self.finished_s - self.received_s

    @property
    def overhead_s(self) -> float:
        """The part of the duration that was not spent waiting for the upstream."""
        return max(0.0, self.duration_s - self.upstream_s)
