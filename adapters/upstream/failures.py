"""How an upstream call can fail, in words: messages name the origin and the phase, never a header or a body."""

import ssl
from enum import StrEnum
from socket import gaierror
from typing import assert_never

from adapters.upstream.port import Origin, UpstreamRequest
from domain.errors import ErrorKind, MalformedResponse, UpstreamTimeout, UpstreamUnavailable


class Phase(StrEnum):
    """What a call was waiting for when its time ran out."""

    CONNECT = "connect"
    SEND = "send"
    FIRST_BYTE = "first byte"
    FIRST_CHUNK = "first chunk"
    IDLE = "idle"
    TOTAL = "total"


class ClosedBeforeAnswer(UpstreamUnavailable):
    """The peer closed the connection before a byte of the answer came; on a kept-alive one worth a retry."""


def place(origin: Origin) -> str:
    """`scheme://host:port`, the port always shown."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{origin.scheme}://{host}:{origin.port}"


def timed_out(request: UpstreamRequest, phase: Phase) -> UpstreamTimeout:
    """The error of a limit that was reached in `phase`."""
    limits, where = request.limits, place(request.origin)
    match phase:
        case Phase.CONNECT:
            fact = f"no connection to {where} within the connect limit of {limits.connect_s:g} s"
        case Phase.SEND:
            fact = f"{where} stopped reading the request for longer than the idle limit of {limits.idle_s:g} s"
        case Phase.FIRST_BYTE:
            fact = f"no answer from {where} within the first byte limit of {limits.first_byte_s:g} s"
        case Phase.FIRST_CHUNK:
            fact = f"{where} sent no event within the first event limit of {limits.first_chunk_s or 0:g} s"
        case Phase.IDLE:
            fact = f"{where} fell silent in its answer for longer than the idle limit of {limits.idle_s:g} s"
        case Phase.TOTAL:
            fact = f"the answer from {where} was not complete within the total limit of {limits.total_s or 0:g} s"
        case _:
            assert_never(phase)
    return UpstreamTimeout(
        f"{fact}; try again, or raise the limit", provider=request.provider, model=request.model
    )


def unreachable(request: UpstreamRequest, reason: str) -> UpstreamUnavailable:
    """The error of a connection that could not be made, TLS included."""
    return UpstreamUnavailable(
        f"no connection to {place(request.origin)}: {reason}", provider=request.provider, model=request.model
    )


def closed_before_answer(request: UpstreamRequest, reason: str) -> ClosedBeforeAnswer:
    """The error of a connection that ended before a byte of the answer."""
    return ClosedBeforeAnswer(
        f"{place(request.origin)} ended the connection without an answer: {reason}",
        provider=request.provider,
        model=request.model,
    )


def cut_short(request: UpstreamRequest, reason: str) -> UpstreamUnavailable:
    """The error of a connection that ended within an answer."""
    return UpstreamUnavailable(
        f"the answer from {place(request.origin)} was cut short: {reason}",
        kind=ErrorKind.TRUNCATED,
        provider=request.provider,
        model=request.model,
    )


def malformed(request: UpstreamRequest, reason: str) -> MalformedResponse:
    """The error of an answer that breaks HTTP or a limit on its size."""
    return MalformedResponse(
        f"the answer from {place(request.origin)} cannot be used: {reason}",
        provider=request.provider,
        model=request.model,
    )


def reason_of(error: Exception | None) -> str:
    """Why a connection failed or ended, in words of our own or the operating system's; None = closed in order."""
    match error:
        case None:
            return "the connection was closed"
        case ssl.SSLCertVerificationError():
            return f"TLS certificate verify failed: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {(error.reason or 'protocol error').lower().replace('_', ' ')}"
        case gaierror():
            return f"name lookup failed: {error.strerror}"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "the connection was reset"
        case OSError(strerror=str(text)):
            return text.lower()
        case _:
            return type(error).__name__
