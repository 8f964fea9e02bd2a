"""One request to the data plane, as the parts that answer it hand it on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.dialects.contract import ClientDialect
from adapters.http.access import OPENAI_CREDENTIALS
from adapters.http.exchange import Exchange
from adapters.http.headers import Header
from application.call_record import CallRecord
from domain.errors import FeatherGateError


@dataclass(slots=True)
class Inbound:
    """An exchange, its record, and what every answer to it shares.

    dialect:          the client's; a reader puts a variant of it in place where the request asks for one.
    path_model:       the model's name where the path gives it.
    standing_headers: go with every answer: request id, CORS.
    credentials:      where a key may stand, as the route says.
    encode_failure:   words an error as the last frame of the stream, once one has begun; None before.
    """

    exchange: Exchange
    record: CallRecord
    dialect: ClientDialect
    path_model: str | None = None
    standing_headers: tuple[Header, ...] = ()
    credentials: tuple[str, ...] = OPENAI_CREDENTIALS
    encode_failure: Callable[[FeatherGateError], bytes] | None = field(default=None)
