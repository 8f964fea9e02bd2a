"""What each kind of failure means to routing: whether to try again, where, and whether the deployment suffers.

    kind             class            again  elsewhere  cools     falls back to
    invalid_request  BadRequest       no     no         never     general
    precondition     BadRequest       no     yes        never     general
    unsupported      BadRequest       no     yes        never     general
    context_length   BadRequest       no     no         never     context window, else general
    content_policy   ContentPolicy…   no     no         never     content policy alone
    auth             Authentication   no     yes        at once   general
    billing          Authentication   no     yes        at once   general
    permission       Authentication   no     yes        at once   general
    not_found        NotFound         no     yes        counts    general
    conflict         BadRequest       yes    yes        never     general
    too_large        BadRequest       no     yes        never     general
    unprocessable    BadRequest       no     no         never     general
    rate_limit       RateLimit        yes    yes        limited   general
    cancelled        InternalServer   yes    yes        counts    general
    server           InternalServer   yes    yes        counts    general
    bad_gateway      InternalServer   yes    yes        counts    general
    truncated        InternalServer   yes    yes        counts    general
    not_configured   BadRequest       no     yes        never     general
    no_deployment    ServiceUnavail…  yes    yes        counts    general
    unavailable      ServiceUnavail…  yes    yes        counts    general
    timeout          Timeout          no     yes        counts    general
    overloaded       ServiceUnavail…  yes    yes        counts    general

The table is of what upstreams answer. Of the gateway's own errors only three go further: `unsupported` (another
provider may be able to say it), `not_configured` and the lack of a deployment that can be called.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import ErrorKind, FeatherGateError

_K = ErrorKind


class ErrorClass(StrEnum):
    """Those of litellm's `retry_policy` (`<class>Retries`) and `allowed_fails_policy` (`<class>AllowedFails`)."""

    BAD_REQUEST = "BadRequestError"
    AUTHENTICATION = "AuthenticationError"
    TIMEOUT = "TimeoutError"
    RATE_LIMIT = "RateLimitError"
    CONTENT_POLICY = "ContentPolicyViolationError"
    INTERNAL_SERVER = "InternalServerError"
    SERVICE_UNAVAILABLE = "ServiceUnavailableError"
    NOT_FOUND = "NotFoundError"


class Cooling(Enum):
    """What a failure does to the deployment's standing.

    COUNTS: with others it makes it cool down. AT_ONCE: it cools down. LIMITED: it is left alone until the wait is
    over that its upstream asked for.
    """

    NEVER = "never"
    COUNTS = "counts"
    AT_ONCE = "at once"
    LIMITED = "limited"


class FallbackKind(Enum):
    """Which fallbacks a failure leads to; NONE = it would be the same everywhere."""

    NONE = "none"
    GENERAL = "general"
    CONTEXT_WINDOW = "context window"
    CONTENT_POLICY = "content policy"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a failure means; `again`: worth a try at the same deployment, `elsewhere`: at another of its group."""

    error_class: ErrorClass
    again: bool
    elsewhere: bool
    cools: Cooling
    fallback: FallbackKind = FallbackKind.GENERAL


_BAD_REQUEST: Final = Consequence(ErrorClass.BAD_REQUEST, False, False, Cooling.NEVER)
_MISFIT: Final = Consequence(ErrorClass.BAD_REQUEST, False, True, Cooling.NEVER)
_REFUSED: Final = Consequence(ErrorClass.AUTHENTICATION, False, True, Cooling.AT_ONCE)
_BROKEN: Final = Consequence(ErrorClass.INTERNAL_SERVER, True, True, Cooling.COUNTS)
_AWAY: Final = Consequence(ErrorClass.SERVICE_UNAVAILABLE, True, True, Cooling.COUNTS)
_FINAL: Final = Consequence(ErrorClass.BAD_REQUEST, False, False, Cooling.NEVER, FallbackKind.NONE)
_UNSERVED: Final = Consequence(ErrorClass.SERVICE_UNAVAILABLE, False, False, Cooling.NEVER)

CONSEQUENCES: Final = MappingProxyType(
    {
        _K.INVALID_REQUEST: _BAD_REQUEST,
        _K.PRECONDITION: _MISFIT,
        _K.UNSUPPORTED: _MISFIT,
        _K.CONTEXT_LENGTH: Consequence(
            ErrorClass.BAD_REQUEST, False, False, Cooling.NEVER, FallbackKind.CONTEXT_WINDOW
        ),
        _K.CONTENT_POLICY: Consequence(
            ErrorClass.CONTENT_POLICY, False, False, Cooling.NEVER, FallbackKind.CONTENT_POLICY
        ),
        _K.AUTH: _REFUSED,
        _K.BILLING: _REFUSED,
        _K.PERMISSION: _REFUSED,
        _K.NOT_FOUND: Consequence(ErrorClass.NOT_FOUND, False, True, Cooling.COUNTS),
        _K.CONFLICT: Consequence(ErrorClass.BAD_REQUEST, True, True, Cooling.NEVER),
        _K.TOO_LARGE: _MISFIT,
        _K.UNPROCESSABLE: _BAD_REQUEST,
        _K.RATE_LIMIT: Consequence(ErrorClass.RATE_LIMIT, True, True, Cooling.LIMITED),
        _K.CANCELLED: _BROKEN,
        _K.SERVER: _BROKEN,
        _K.BAD_GATEWAY: _BROKEN,
        _K.TRUNCATED: _BROKEN,
        _K.NOT_CONFIGURED: _MISFIT,
        _K.NO_DEPLOYMENT: _AWAY,
        _K.UNAVAILABLE: _AWAY,
        _K.TIMEOUT: Consequence(ErrorClass.TIMEOUT, False, True, Cooling.COUNTS),
        _K.OVERLOADED: _AWAY,
    }
)
"""What an upstream's error means, by its kind."""

_GATEWAYS_OWN: Final = MappingProxyType(
    {
        _K.UNSUPPORTED: _MISFIT,
        _K.RATE_LIMIT: _UNSERVED,
        _K.NOT_CONFIGURED: _UNSERVED,
        _K.NO_DEPLOYMENT: _UNSERVED,
    }
)


def consequence_of(error: FeatherGateError) -> Consequence:
    """What `error` means to routing."""
    if error.origin != "provider":
        return _GATEWAYS_OWN.get(error.kind, _FINAL)
    found = CONSEQUENCES[error.kind]
    if error.retryable or not found.again:
        return found
    return Consequence(found.error_class, False, found.elsewhere, found.cools, found.fallback)
