"""Every error the gateway knows, and the one table that says what each kind means on every wire.

The tree (who broke the rule is in the type):

    FeatherGateError
    ├── RequestError            the caller's request cannot be served as it stands
    │   ├── MalformedRequest      not JSON, a wrong type, a missing member
    │   ├── UnsupportedFeature    well formed, but the target cannot express it
    │   ├── UnknownModel          no model group of that name
    │   └── RequestTooLarge       the body exceeds its limit
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
        ├── NotConfigured         the deployment lacks a key or cannot be served by this version
        ├── ShuttingDown          the gateway is draining
        └── InternalFault         a defect

The table (`KINDS`; HTTP status, OpenAI type / code, Anthropic type, Gemini status, retryable):

    invalid_request    400  invalid_request_error / -                          invalid_request_error  INVALID_ARGUMENT     no
    precondition       400  invalid_request_error / -                          invalid_request_error  FAILED_PRECONDITION  no
    unsupported        400  invalid_request_error / unsupported_parameter      invalid_request_error  INVALID_ARGUMENT     no
    context_length     400  invalid_request_error / context_length_exceeded    invalid_request_error  INVALID_ARGUMENT     no
    content_policy     400  invalid_request_error / content_policy_violation   invalid_request_error  INVALID_ARGUMENT     no
    auth               401  invalid_request_error / invalid_api_key            authentication_error   UNAUTHENTICATED      no
    billing            402  insufficient_quota / insufficient_quota            billing_error          RESOURCE_EXHAUSTED   no
    permission         403  permission_error / -                               permission_error       PERMISSION_DENIED    no
    not_found          404  invalid_request_error / model_not_found            not_found_error        NOT_FOUND            no
    conflict           409  conflict / -                                       conflict_error         ABORTED              yes
    too_large          413  invalid_request_error / request_too_large          invalid_request_error  INVALID_ARGUMENT     no
    unprocessable      422  invalid_request_error / -                          invalid_request_error  INVALID_ARGUMENT     no
    rate_limit         429  rate_limit_error / rate_limit_exceeded             rate_limit_error       RESOURCE_EXHAUSTED   yes
    cancelled          499  server_error / cancelled                           api_error              CANCELLED            no
    server             500  server_error / -                                   api_error              INTERNAL             yes
    bad_gateway        502  server_error / upstream_error                      api_error              INTERNAL             yes
    truncated          502  server_error / upstream_truncated                  api_error              INTERNAL             yes
    not_configured     503  server_error / model_not_configured                api_error              FAILED_PRECONDITION  no
    unavailable        503  server_error / service_unavailable                 overloaded_error       UNAVAILABLE          yes
    timeout            504  server_error / timeout                             timeout_error          DEADLINE_EXCEEDED    yes
    overloaded         503  server_error / overloaded                          overloaded_error       UNAVAILABLE          yes

An Anthropic client sees 529 for `unavailable` and `overloaded`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final


class ErrorKind(StrEnum):
    """What went wrong, in words that every dialect can translate."""

    INVALID_REQUEST = "invalid_request"
    PRECONDITION = "precondition"
    UNSUPPORTED = "unsupported"
    CONTEXT_LENGTH = "context_length"
    CONTENT_POLICY = "content_policy"
    AUTH = "auth"
    BILLING = "billing"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMIT = "rate_limit"
    CANCELLED = "cancelled"
    SERVER = "server"
    BAD_GATEWAY = "bad_gateway"
    TRUNCATED = "truncated"
    NOT_CONFIGURED = "not_configured"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True)
class KindRow:
    """One row of the error table: what a kind is called on each wire."""

    status: int
    openai_type: str
    openai_code: str | None
    anthropic_type: str
    gemini_status: str
    retryable: bool


_K = ErrorKind
_BAD, _SERVER = "invalid_request_error", "server_error"

KINDS: Final = MappingProxyType(
    {
        _K.INVALID_REQUEST: KindRow(400, _BAD, None, _BAD, "INVALID_ARGUMENT", False),
        _K.PRECONDITION: KindRow(400, _BAD, None, _BAD, "FAILED_PRECONDITION", False),
        _K.UNSUPPORTED: KindRow(400, _BAD, "unsupported_parameter", _BAD, "INVALID_ARGUMENT", False),
        _K.CONTEXT_LENGTH: KindRow(400, _BAD, "context_length_exceeded", _BAD, "INVALID_ARGUMENT", False),
        _K.CONTENT_POLICY: KindRow(400, _BAD, "content_policy_violation", _BAD, "INVALID_ARGUMENT", False),
        _K.AUTH: KindRow(401, _BAD, "invalid_api_key", "authentication_error", "UNAUTHENTICATED", False),
        _K.BILLING: KindRow(
            402, "insufficient_quota", "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", False
        ),
        _K.PERMISSION: KindRow(403, "permission_error", None, "permission_error", "PERMISSION_DENIED", False),
        _K.NOT_FOUND: KindRow(404, _BAD, "model_not_found", "not_found_error", "NOT_FOUND", False),
        _K.CONFLICT: KindRow(409, "conflict", None, "conflict_error", "ABORTED", True),
        _K.TOO_LARGE: KindRow(413, _BAD, "request_too_large", _BAD, "INVALID_ARGUMENT", False),
        _K.UNPROCESSABLE: KindRow(422, _BAD, None, _BAD, "INVALID_ARGUMENT", False),
        _K.RATE_LIMIT: KindRow(
            429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", True
        ),
        _K.CANCELLED: KindRow(499, _SERVER, "cancelled", "api_error", "CANCELLED", False),
        _K.SERVER: KindRow(500, _SERVER, None, "api_error", "INTERNAL", True),
        _K.BAD_GATEWAY: KindRow(502, _SERVER, "upstream_error", "api_error", "INTERNAL", True),
        _K.TRUNCATED: KindRow(502, _SERVER, "upstream_truncated", "api_error", "INTERNAL", True),
        _K.NOT_CONFIGURED: KindRow(
            503, _SERVER, "model_not_configured", "api_error", "FAILED_PRECONDITION", False
        ),
        _K.UNAVAILABLE: KindRow(503, _SERVER, "service_unavailable", "overloaded_error", "UNAVAILABLE", True),
        _K.TIMEOUT: KindRow(504, _SERVER, "timeout", "timeout_error", "DEADLINE_EXCEEDED", True),
        _K.OVERLOADED: KindRow(503, _SERVER, "overloaded", "overloaded_error", "UNAVAILABLE", True),
    }
)

ANTHROPIC_OVERLOADED: Final = 529


class FeatherGateError(Exception):
    """An error with a meaning on every wire.

    `message` says what was expected, what came, where, and what to do; never a key, never a prompt.
    `param` is the member at fault as a path into the caller's body (`messages[2].content[0].type`).
    `status` overrides the kind's status where an upstream's own is kept; `code` likewise the code word.
    `retry_after_s` is the wait the upstream asked for, in seconds. `retryable` tells whether the same request
    may succeed later or elsewhere: what its kind says, unless the upstream said otherwise.
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
        self.retryable = retryable if retryable is not None else KINDS[self.kind].retryable

    @property
    def label(self) -> str:
        """The bounded class label of metrics and logs: who failed, and how (`provider_rate_limit`)."""
        return f"{self.origin}_{self.kind}"


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


class AccessError(FeatherGateError):
    """The caller may not do this."""

    origin = "caller"


class InvalidKey(AccessError):
    """No key, or one that is not known."""

    kind = ErrorKind.AUTH


class Forbidden(AccessError):
    """A key, host or origin that may not."""

    kind = ErrorKind.PERMISSION


class RateLimited(AccessError):
    """Too many requests here."""

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


class NotConfigured(GatewayFault):
    """The deployment lacks a key or cannot be served by this version."""

    kind = ErrorKind.NOT_CONFIGURED


class ShuttingDown(GatewayFault):
    """The gateway is draining."""

    kind = ErrorKind.UNAVAILABLE


class InternalFault(GatewayFault):
    """A defect; the log has its trace under the request's id."""

    kind = ErrorKind.SERVER
