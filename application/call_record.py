"""What is known of one call when it is over: the source of its metrics and its log line."""

from dataclasses import dataclass

from domain.chat.usage import Usage
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment
from domain.routing.wishes import FallbackTarget


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """Filled in on the way and booked exactly once, when the last byte left or nobody waits for it any more.

    Times are monotonic seconds. `upstream_s` is the time spent waiting for upstreams, or to ask them; what is left
    of the duration is the gateway's overhead. `status` is the HTTP status the client saw (499: it left before the
    end); `error` also tells failures after a 200. `attempts` are all tries; `retries` those beyond the first of
    each group, `fallbacks` the models asked in place of the caller's, `fallback` the last of them.
    `usage_estimated`: some of the usage was not told by the upstream. `cost_usd` is what the answer costs, without
    the tries that failed; None = not known.
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
    usage_estimated: bool = False
    cost_usd: float | None = None
    losses: int = 0
    attempts: int = 0
    retries: int = 0
    fallbacks: int = 0
    fallback: str = ""

    def asked(self, deployment: Deployment, fallback: FallbackTarget | None) -> None:
        """One more deployment is asked; `fallback` is what led to its group, None = the model asked for."""
        self.losses = 0
        model = "" if fallback is None else fallback.model
        if model != self.fallback:
            self.fallback = model
            self.fallbacks += 1
        elif self.attempts:
            self.retries += 1
        self.attempts += 1
        self.group, self.deployment = deployment.group, deployment.id
        self.provider, self.upstream_model = deployment.provider, deployment.model

    def answered_by(self, deployment: Deployment) -> None:
        """A deployment gives the answer; where two were asked side by side, not always the last that was asked."""
        if self.deployment != deployment.id:
            self.group, self.deployment = deployment.group, deployment.id
            self.provider, self.upstream_model = deployment.provider, deployment.model

    @property
    def duration_s(self) -> float:
        """From the request's arrival to its end."""
        return self.finished_s - self.received_s

    @property
    def overhead_s(self) -> float:
        """The part of the duration that was not spent waiting for the upstream."""
        return max(0.0, self.duration_s - self.upstream_s)
