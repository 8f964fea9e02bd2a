"""Errors on their way to the client: defects get a meaning, and every error its words in the client's dialect."""

import copy
import logging
import math
from typing import Final

from adapters.dialects import json_codec
from adapters.http.headers import JSON_TYPE, Header, header_value
from adapters.http.inbound import Inbound
from application.call_record import CallRecord
from domain.errors import KINDS, FeatherGateError, InternalFault, UpstreamError

MAX_ATTEMPTS_TOLD: Final = 5
MAX_ATTEMPTS_CHARACTERS: Final = 500
"""How much of a call's failed tries its error's message lists."""

_LOG = logging.getLogger(__name__)
_RETRY: Final[Header] = (b"x-should-retry", b"true")
_NO_RETRY: Final[Header] = (b"x-should-retry", b"false")
_SENTENCE_ENDS: Final = (".", "!", "?", "…")


def defect(failure: Exception, request_id: str) -> InternalFault:
    """The error that a defect is told as; its trace goes to the log, once, under the request's id."""
    _LOG.error("request %s failed for a defect of the gateway", request_id, exc_info=failure)
    return InternalFault(
        f"the gateway failed; its log tells why under the request id {request_id}", request_id=request_id
    )


async def answer_error(inbound: Inbound, error: FeatherGateError) -> None:
    """End the exchange with `error`: as an answer of its own, or as the last frame of a stream that has begun.

    Where an answer that is no stream has begun it is broken off.
    """
    exchange, record = inbound.exchange, inbound.record
    record.error = error
    told = telling_attempts(error)
    if not exchange.answered:
        status, body = inbound.dialect.render_error(told)
        record.status = status
        content = json_codec.encode(body)
        length = (b"content-length", b"%d" % len(content))
        headers = (*error_headers(error), *_attempt_headers(record), *inbound.standing_headers)
        await exchange.start(status, (JSON_TYPE, length, *headers))
        await exchange.finish(content)
    elif inbound.encode_failure is not None and not exchange.finished:
        await exchange.finish(inbound.encode_failure(told))
    else:
        exchange.abort()


def error_headers(error: FeatherGateError) -> list[Header]:
    """What the head of an error's answer says beside its body: its class, and whether to try again."""
    headers: list[Header] = [(b"x-feathergate-error", error.label.encode("ascii"))]
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    if not error.retryable:
        headers.append(_NO_RETRY)
    elif not KINDS[error.kind].retryable:
        headers.append(_RETRY)
    if isinstance(error, UpstreamError) and error.request_id:
        headers.append((b"x-feathergate-upstream-id", header_value(error.request_id)))
    return headers


def telling_attempts(error: FeatherGateError) -> FeatherGateError:
    """`error` as a client is told of it: where several tries failed, the message lists them."""
    attempts = error.attempts
    if not attempts:
        return error
    listed = "; ".join(attempts[:MAX_ATTEMPTS_TOLD])
    if len(attempts) > MAX_ATTEMPTS_TOLD:
        listed += f"; and {len(attempts) - MAX_ATTEMPTS_TOLD} more"
    if len(listed) > MAX_ATTEMPTS_CHARACTERS:
        listed = f"{listed[:MAX_ATTEMPTS_CHARACTERS]}…"
    message = error.message.rstrip()
    told = copy.copy(error)
    told.message = f"{message}{'' if message.endswith(_SENTENCE_ENDS) else '.'} Tried: {listed}"
    return told


def _attempt_headers(record: CallRecord) -> list[Header]:
    """How many tries came to nothing; none where nobody was asked."""
    if not record.attempts:
        return []
    return [
        (b"x-litellm-attempted-retries", b"%d" % record.retries),
        (b"x-litellm-attempted-fallbacks", b"%d" % record.fallbacks),
        (b"x-feathergate-attempts", b"%d" % record.attempts),
    ]
