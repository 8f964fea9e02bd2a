"""What can go wrong, and the one table that says what each kind means on every wire.

`KINDS` (HTTP status, OpenAI type / code, Anthropic type, Gemini status, retryable):

  invalid_request 400 invalid_request_error / -                      invalid_request_error INVALID_ARGUMENT    no
  precondition    400 invalid_request_error / -                      invalid_request_error FAILED_PRECONDITION no
  unsupported     400 invalid_request_error / unsupported_parameter  invalid_request_error INVALID_ARGUMENT    no
  context_length  400 invalid_request_error / context_length_exceeded invalid_request_error INVALID_ARGUMENT    no
  content_policy  400 invalid_request_error / content_policy_violation invalid_request_error INVALID_ARGUMENT    no
  auth            401 invalid_request_error / invalid_api_key        authentication_error  UNAUTHENTICATED     no
  billing         402 insufficient_quota / insufficient_quota        billing_error         RESOURCE_EXHAUSTED  no
  permission      403 permission_error / -                           permission_error      PERMISSION_DENIED   no
  not_found       404 invalid_request_error / model_not_found        not_found_error       NOT_FOUND           no
  conflict        409 conflict / -                                   conflict_error        ABORTED             yes
  too_large       413 invalid_request_error / request_too_large      invalid_request_error INVALID_ARGUMENT    no
  unprocessable   422 invalid_request_error / -                      invalid_request_error INVALID_ARGUMENT    no
  rate_limit      429 rate_limit_error / rate_limit_exceeded         rate_limit_error      RESOURCE_EXHAUSTED  yes
  cancelled       499 server_error / cancelled                       api_error             CANCELLED           no
  server          500 server_error / -                               api_error             INTERNAL            yes
  bad_gateway     502 server_error / upstream_error                  api_error             INTERNAL            yes
  truncated       502 server_error / upstream_truncated              api_error             INTERNAL            yes
  not_configured  503 server_error / model_not_configured            api_error             FAILED_PRECONDITION no
  unavailable     503 server_error / service_unavailable             overloaded_error      UNAVAILABLE         yes
  no_deployment   503 server_error / no_deployment                   overloaded_error      UNAVAILABLE         yes
  timeout         504 server_error / timeout                         timeout_error         DEADLINE_EXCEEDED   yes
  overloaded      503 server_error / overloaded                      overloaded_error      UNAVAILABLE         yes

`invalid_request`, `unsupported`, `context_length`, `too_large` and `unprocessable` are the caller's doing even
where an upstream says so; `content_policy` is nobody's, but a rule's.

An Anthropic client sees 529 for `unavailable`, `no_deployment` and `overloaded`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


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
    NO_DEPLOYMENT = "no_deployment"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True)
class KindRow:
    """One row of the error table: what a kind is called on each wire.

    blames: who is at fault in any case, an upstream or the gateway having noticed; None = whoever failed.
    """

    status: int
    openai_type: str
    openai_code: str | None
    anthropic_type: str
    gemini_status: str
    retryable: bool
    blames: str | None = None


_K = ErrorKind
_BAD, _SERVER = "invalid_request_error", "server_error"

KINDS: Final = MappingProxyType(
    {
        _K.INVALID_REQUEST: KindRow(400, _BAD, None, _BAD, "INVALID_ARGUMENT", False, "caller"),
        _K.PRECONDITION: KindRow(400, _BAD, None, _BAD, "FAILED_PRECONDITION", False),
        _K.UNSUPPORTED: KindRow(400, _BAD, "unsupported_parameter", _BAD, "INVALID_ARGUMENT", False, "caller"),
        _K.CONTEXT_LENGTH: KindRow(
            400, _BAD, "context_length_exceeded", _BAD, "INVALID_ARGUMENT", False, "caller"
        ),
        _K.CONTENT_POLICY: KindRow(
            400, _BAD, "content_policy_violation", _BAD, "INVALID_ARGUMENT", False, "policy"
        ),
        _K.AUTH: KindRow(401, _BAD, "invalid_api_key", "authentication_error", "UNAUTHENTICATED", False),
        _K.BILLING: KindRow(
            402, "insufficient_quota", "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", False
        ),
        _K.PERMISSION: KindRow(403, "permission_error", None, "permission_error", "PERMISSION_DENIED", False),
        _K.NOT_FOUND: KindRow(404, _BAD, "model_not_found", "not_found_error", "NOT_FOUND", False),
        _K.CONFLICT: KindRow(409, "conflict", None, "conflict_error", "ABORTED", True),
        _K.TOO_LARGE: KindRow(413, _BAD, "request_too_large", _BAD, "INVALID_ARGUMENT", False, "caller"),
        _K.UNPROCESSABLE: KindRow(422, _BAD, None, _BAD, "INVALID_ARGUMENT", False, "caller"),
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
        _K.NO_DEPLOYMENT: KindRow(503, _SERVER, "no_deployment", "overloaded_error", "UNAVAILABLE", True),
        _K.UNAVAILABLE: KindRow(503, _SERVER, "service_unavailable", "overloaded_error", "UNAVAILABLE", True),
        _K.TIMEOUT: KindRow(504, _SERVER, "timeout", "timeout_error", "DEADLINE_EXCEEDED", True),
        _K.OVERLOADED: KindRow(503, _SERVER, "overloaded", "overloaded_error", "UNAVAILABLE", True),
    }
)

ANTHROPIC_OVERLOADED: Final = 529
