"""The heads of good answers: what the gateway says about who answered, and what it cost in time and meaning."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from adapters.http.headers import JSON_TYPE, Header, header_value
from adapters.http.inbound import Inbound
from application.ports.clock import Clock
from domain.chat.loss import Loss
from domain.routing.fleet import Deployment

MAX_WARNINGS: Final = 16
"""How many losses head and log name; the record counts all."""

_NO_CACHE: Final[Header] = (b"cache-control", b"no-cache")
_NO_BUFFERING: Final[Header] = (b"x-accel-buffering", b"no")
_UPSTREAM_ID: Final = b"x-feathergate-upstream-id"
_UPSTREAM_IDS: Final = frozenset({"x-request-id", "request-id"})


class AnsweredCall(Protocol):
    """What of a call the head of its answer tells: what was lost, and what the upstream said about itself."""

    @property
    def losses(self) -> Sequence[Loss]: ...

    @property
    def upstream_headers(self) -> Mapping[str, str]: ...


class AnswerHeads:
    """Builds heads. What depends on the deployment alone is built once per deployment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocks: dict[str, tuple[Deployment, tuple[Header, ...]]] = {}

    def buffered(self, inbound: Inbound, call: AnsweredCall, deployment: Deployment, length: int) -> list[Header]:
        """The head of a whole answer of `length` bytes."""
        return [JSON_TYPE, (b"content-length", b"%d" % length), *self._about(inbound, call, deployment)]

    def streamed(self, inbound: Inbound, call: AnsweredCall, deployment: Deployment | None) -> list[Header]:
        """The head of a stream; `deployment` is None where keep-alives go out before anyone answered."""
        content_type = (b"content-type", inbound.dialect.stream_content_type.encode("ascii"))
        return [content_type, _NO_CACHE, _NO_BUFFERING, *self._about(inbound, call, deployment)]

    def _about(self, inbound: Inbound, call: AnsweredCall, deployment: Deployment | None) -> list[Header]:
        record = inbound.record
        duration_ms = (self._clock.monotonic_s() - record.received_s) * 1000
        overhead_ms = max(0.0, duration_ms - record.upstream_s * 1000)
        headers: list[Header] = [
            *inbound.standing_headers,
            (b"x-litellm-call-id", record.request_id.encode("ascii")),
            (b"x-litellm-response-duration-ms", b"%.3f" % duration_ms),
            (b"x-litellm-overhead-duration-ms", b"%.3f" % overhead_ms),
        ]
        if deployment is not None:
            headers += self._block(deployment)
        for loss in call.losses[:MAX_WARNINGS]:
            headers.append((b"x-feathergate-warning", header_value(f"{loss.code};{loss.place}")))
        for name, value in call.upstream_headers.items():
            shown = _UPSTREAM_ID if name in _UPSTREAM_IDS else name.encode("ascii")
            headers.append((shown, header_value(value)))
        return headers

    def _block(self, deployment: Deployment) -> tuple[Header, ...]:
        built = self._blocks.get(deployment.id)
        if built is None or built[0] is not deployment:
            built = self._blocks[deployment.id] = deployment, _deployment_headers(deployment)
        return built[1]


def _deployment_headers(deployment: Deployment) -> tuple[Header, ...]:
    return (
        (b"x-litellm-model-id", header_value(deployment.id)),
        (b"x-litellm-model-group", header_value(deployment.group)),
        (b"x-feathergate-model", header_value(deployment.model)),
    )
