"""The heads of good answers: what the gateway says about who answered, and what it cost in time and meaning."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from adapters.http.exchange import HeaderLines
from adapters.http.headers import Header, header_value, warning_value
from adapters.http.inbound import Inbound
from application.call_record import CallRecord
from application.ports.clock import Clock
from domain.chat.loss import Loss
from domain.routing.fleet import Deployment

MAX_WARNINGS: Final = 16
"""How many losses head and log name; the record counts all."""

_JSON: Final = b"content-type: application/json\r\n"
_STREAMED: Final = b"cache-control: no-cache\r\nx-accel-buffering: no\r\n"
_ABOUT: Final = (
    b"%b%bx-litellm-call-id: %b\r\nx-litellm-response-duration-ms: %.3f\r\n"
    b"x-litellm-overhead-duration-ms: %.3f\r\n%b"
)
_AT_ONCE: Final = b"x-litellm-attempted-retries: 0\r\nx-litellm-attempted-fallbacks: 0\r\n"
_IN_THE_END: Final = (
    b"x-litellm-attempted-retries: %d\r\nx-litellm-attempted-fallbacks: %d\r\nx-feathergate-attempts: %d\r\n"
)
_COST: Final = b"x-litellm-response-cost: %.12f\r\n"
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
        self._blocks: dict[str, tuple[Deployment, bytes]] = {}

    def buffered(self, inbound: Inbound, call: AnsweredCall, deployment: Deployment, length: int) -> HeaderLines:
        """The head of a whole answer of `length` bytes."""
        first = b"%bcontent-length: %d\r\n" % (_JSON, length)
        cost_usd = inbound.record.cost_usd
        if cost_usd is not None:
            first += _COST % cost_usd
        return self._head(first, inbound, call, deployment)

    def streamed(self, inbound: Inbound, call: AnsweredCall, deployment: Deployment | None) -> HeaderLines:
        """The head of a stream; `deployment` is None where keep-alives go out before anyone answered."""
        content_type = inbound.dialect.stream_content_type.encode("ascii")
        return self._head(b"content-type: %b\r\n%b" % (content_type, _STREAMED), inbound, call, deployment)

    def _head(
        self, first: bytes, inbound: Inbound, call: AnsweredCall, deployment: Deployment | None
    ) -> HeaderLines:
        record = inbound.record
        duration_ms = (self._clock.monotonic_s() - record.received_s) * 1000
        lines = _ABOUT % (
            first,
            _lines(inbound.standing_headers),
            record.request_id.encode("ascii"),
            duration_ms,
            max(0.0, duration_ms - record.upstream_s * 1000),
            b"" if deployment is None else self._block(deployment) + _course(record),
        )
        if call.losses:
            lines += _lines(
                (b"x-feathergate-warning", warning_value(loss.code, loss.place))
                for loss in call.losses[:MAX_WARNINGS]
            )
        if call.upstream_headers:
            lines += _lines(
                (_UPSTREAM_ID if name in _UPSTREAM_IDS else name.encode("ascii"), header_value(value))
                for name, value in call.upstream_headers.items()
            )
        return HeaderLines(lines)

    def _block(self, deployment: Deployment) -> bytes:
        built = self._blocks.get(deployment.id)
        if built is None or built[0] is not deployment:
            built = self._blocks[deployment.id] = deployment, _lines(_deployment_headers(deployment))
        return built[1]


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _course(record: CallRecord) -> bytes:
    """How many tries it took."""
    if record.attempts < 2 and not record.fallbacks:
        return _AT_ONCE
    lines = _IN_THE_END % (record.retries, record.fallbacks, record.attempts)
    if not record.fallbacks:
        return lines
    return lines + b"x-feathergate-fallback: %b\r\n" % header_value(record.group)


def _deployment_headers(deployment: Deployment) -> tuple[Header, ...]:
    return (
        (b"x-litellm-model-id", header_value(deployment.id)),
        (b"x-litellm-model-group", header_value(deployment.group)),
        (b"x-litellm-model-name", header_value(f"{deployment.provider}/{deployment.model}")),
        (b"x-feathergate-model", header_value(deployment.model)),
    )
