"""Every error the gateway knows.

The tree (who broke the rule is in the type):

    FeatherGateError
    ├── RequestError            the caller's request cannot be served as it stands
    │   ├── MalformedRequest      not JSON, a wrong type, a missing member
    │   ├── UnsupportedFeature    well formed, but the target cannot express it
    │   ├── UnknownModel          no model group of that name
    │   └── RequestTooLarge       the body exceeds its limit
    ├── DeadlineExceeded        the caller's own time limit ran out
    ├── AccessError             the caller may not do this
    │   ├── InvalidKey            no key, or one that is not known
    │   ├── Forbidden             a key, host or origin that may not
    │   └── RateLimited           too many requests here
    ├── UpstreamError           the upstream failed, refused, or answered nonsense
    │   ├── UpstreamTimeout       no connection, no first byte, or a silence that lasted too long
    │   ├── UpstreamUnavailable   no connection, or it broke
    │   ├── UpstreamRejected      an error the upstream answered with; keeps its status
    │   ├── MalformedResponse     bytes that break the upstream's own protocol, or an answer cut short
    │   └── ContextTooLong        the prompt exceeds the model's context
    └── GatewayFault            the gateway itself cannot serve
        ├── NoDeployment          none of the model's deployments can be called now
        ├── NotConfigured         the deployment lacks a key or cannot be served by this version
        ├── ShuttingDown          the gateway is draining
        └── InternalFault         a defect

What each kind means on every wire is in `error_kinds.KINDS`.
"""

from typing import ClassVar

from domain.error_kinds import ANTHROPIC_OVERLOADED, KINDS, ErrorKind, KindRow

__all__ = [
    "ANTHROPIC_OVERLOADED",
    "KINDS",
    "AccessError",
    "ContextTooLong",
    "DeadlineExceeded",
    "ErrorKind",
    "FeatherGateError",
    "Forbidden",
    "GatewayFault",
    "InternalFault",
    "InvalidKey",
    "KindRow",
    "MalformedRequest",
    "MalformedResponse",
    "NoDeployment",
    "NotConfigured",
    "RateLimited",
    "RequestError",
    "RequestTooLarge",
    "ShuttingDown",
    "UnknownModel",
    "UnsupportedFeature",
    "UpstreamError",
    "UpstreamRejected",
    "UpstreamTimeout",
    "UpstreamUnavailable",
]


class FeatherGateError(Exception):
    """An error with a meaning on every wire.

    `message` says what was expected, what came, where, and what to do; never a key, never a prompt.
    `param` is the member at fault as a path into the caller's body (`messages[2].content[0].type`).
    `status` overrides the kind's status where an upstream's own is kept; `code` likewise the code word.
    `retry_after_s` is the wait the upstream asked for, in seconds. `retryable` tells whether the same request
    may succeed later or elsewhere: what its kind says, unless the upstream said otherwise. `attempts` tells each
    failed try of the call, in order, where there was more than one (`openai/gpt-4o (id): provider_timeout`).
    """

    kind: ErrorKind = ErrorKind.SERVER
    origin: ClassVar[str] = "gateway"

    def __init__(  # noqa: PLR0913 - the fields of an error are many; every one is optional and named
        self,
        message: str,
        *,
        kind: ErrorKind | None = None,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if kind is not None:
            self.kind = kind
        self.status = status if status is not None else KINDS[self.kind].status
        self.code = code if code is not None else KINDS[self.kind].openai_code
        self.param = param
        self.provider = provider
        self.model = model
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.attempts: tuple[str, ...] = ()
        self.retryable = retryable if retryable is not None else KINDS[self.kind].retryable

    @property
    def label(self) -> str:
        """The bounded class label of metrics and logs: who is to blame, and for what (`provider_rate_limit`).

        `caller_…`, `policy_…` (refused by a rule), `provider_…` or `gateway_…`, before the name of the kind.
        """
        return f"{KINDS[self.kind].blames or self.origin}_{self.kind}"

    def let_go(self) -> None:
        """Forget what led to this error, and the frames it came through: they hold the call, which may hold it.

        For errors that were caught and are kept; nothing of the call should have to wait for the garbage collector.
        """
        self.__traceback__ = self.__context__ = self.__cause__ = None


class RequestError(FeatherGateError):
    """The caller's request cannot be served as it stands."""

    origin = "caller"


class MalformedRequest(RequestError):
    """Not JSON, a wrong type, a missing member."""

    kind = ErrorKind.INVALID_REQUEST


class UnsupportedFeature(RequestError):
    """Well formed, but the target cannot express it."""

    kind = ErrorKind.UNSUPPORTED


class UnknownModel(RequestError):
    """No model group of that name."""

    kind = ErrorKind.NOT_FOUND


class RequestTooLarge(RequestError):
    """The body exceeds its limit."""

    kind = ErrorKind.TOO_LARGE


class DeadlineExceeded(FeatherGateError):
    """The caller's own time limit ran out."""

    origin = "caller"
    kind = ErrorKind.TIMEOUT


class AccessError(FeatherGateError):
    """The caller may not do this."""

    origin = "caller"


class InvalidKey(AccessError):
    """No key, or one that is not known."""

    kind = ErrorKind.AUTH


class Forbidden(AccessError):
    """A key, host or origin that may not."""

    origin = "policy"
    kind = ErrorKind.PERMISSION


class RateLimited(AccessError):
    """Too many requests here."""

    origin = "policy"
    kind = ErrorKind.RATE_LIMIT


class UpstreamError(FeatherGateError):
    """The upstream failed, refused, or answered nonsense."""

    origin = "provider"


class UpstreamTimeout(UpstreamError):
    """No connection, no first byte, or a silence that lasted too long."""

    kind = ErrorKind.TIMEOUT


class UpstreamUnavailable(UpstreamError):
    """No connection, or it broke."""

    kind = ErrorKind.UNAVAILABLE


class UpstreamRejected(UpstreamError):
    """An error the upstream answered with; `status` keeps what it said."""

    kind = ErrorKind.SERVER


class MalformedResponse(UpstreamError):
    """Bytes that break the upstream's own protocol, or an answer cut short."""

    kind = ErrorKind.BAD_GATEWAY


class ContextTooLong(UpstreamError):
    """The prompt exceeds the model's context."""

    kind = ErrorKind.CONTEXT_LENGTH


class GatewayFault(FeatherGateError):
    """The gateway itself cannot serve."""


class NoDeployment(GatewayFault):
    """None of the model's deployments can be called now; `retry_after_s` tells when one can be asked again."""

    kind = ErrorKind.NO_DEPLOYMENT


class NotConfigured(GatewayFault):
    """The deployment lacks a key or cannot be served by this version."""

    kind = ErrorKind.NOT_CONFIGURED


class ShuttingDown(GatewayFault):
    """The gateway is draining."""

    kind = ErrorKind.UNAVAILABLE


class InternalFault(GatewayFault):
    """A defect; the log has its trace under the request's id."""

    kind = ErrorKind.SERVER
