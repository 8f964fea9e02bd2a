"""GET /router/state and POST /router/explain: what routing knows, and what it would do."""

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from quart import Blueprint, Response, request

from adapters.dialects.contract import ClientDialect, Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.control_plane import lower
from adapters.http.json_response import json_response
from adapters.http.wish_reading import read_wishes
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.explain import Explain, Explanation
from application.ports.clock import Clock
from application.router_state import DeploymentState, RouterReport, RouterState
from domain.errors import MalformedRequest
from domain.json_types import JSON
from domain.routing.failure import FallbackKind
from domain.routing.fleet import Deployment

_EMPTY_PROMPT: JSON = [{"role": "user", "content": ""}]


def router_blueprint(state: RouterState, explain: Explain, dialect: ClientDialect, clock: Clock) -> Blueprint:
    """The routes about routing. `dialect` reads the calls to explain, which are those of Chat Completions."""
    blueprint = Blueprint("router", __name__)

    @blueprint.get("/router/state")
    async def router_state() -> Response:
        return json_response(_rendered_report(state.run()))

    @blueprint.post("/router/explain")
    async def router_explain() -> Response:
        envelope, gateway = split_gateway_members(Envelope.decode(await request.data))
        seed = _seed(envelope.value("seed"))
        call = _call(envelope, gateway, dialect, lower(request.headers), clock.monotonic_s())
        return json_response(_rendered_explanation(explain.run(call, seed)))

    return blueprint


def _call(
    envelope: Envelope,
    gateway: Mapping[str, JSON],
    dialect: ClientDialect,
    headers: Mapping[str, str],
    received_s: float,
) -> ChatCall:
    """The call as it would have come to Chat Completions; one without messages has an empty prompt."""
    model = envelope.text("model")
    if not model:
        raise MalformedRequest("model: expected the name of a model; GET /v1/models lists them", param="model")
    if "messages" not in envelope:
        envelope = envelope.with_members({"messages": _EMPTY_PROMPT})
    return ChatCall(
        request_id="",
        model=model,
        stream=False,
        document=Document(envelope, dialect, Reply(model=model)),
        record=CallRecord(request_id="", route="/router/explain", received_s=received_s),
        wishes=read_wishes(headers, gateway, model),
    )


def _seed(value: JSON) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise MalformedRequest("seed: expected an integer", param="seed")


def _rendered_explanation(found: Explanation) -> dict[str, JSON]:
    return {
        "text": found.text,
        "candidates": _ids(found.candidates),
        "probes": _ids(found.probes),
        "skipped": [{"deployment": one.member.deployment.id, "reason": one.reason} for one in found.skipped],
        "choice": None if found.choice is None else found.choice.id,
        "wait_s": _rounded(found.wait_s),
        "error": None if found.error is None else {"class": found.error.label, "message": found.error.message},
        "seed": found.seed,
        "fallbacks": list(found.fallbacks[FallbackKind.GENERAL]),
        "context_window_fallbacks": list(found.fallbacks[FallbackKind.CONTEXT_WINDOW]),
        "content_policy_fallbacks": list(found.fallbacks[FallbackKind.CONTENT_POLICY]),
        "retries": found.retries,
    }


def _rendered_report(report: RouterReport) -> dict[str, JSON]:
    groups: list[JSON] = [
        {"model": name, "deployments": [_rendered_state(one) for one in states]}
        for name, states in report.groups.items()
    ]
    return {"pid": os.getpid(), "policy": _plain(report.policy), "groups": groups}


def _rendered_state(one: DeploymentState) -> dict[str, JSON]:
    deployment = one.deployment
    return {
        "id": deployment.id,
        "provider": deployment.provider,
        "model": deployment.model,
        "order": deployment.order,
        "tags": list(deployment.tags),
        "weight": deployment.weight,
        "rpm": deployment.rpm,
        "tpm": deployment.tpm,
        "max_parallel_requests": deployment.max_parallel_requests,
        "state": one.state,
        "why": one.why or None,
        "since_s": _rounded(one.since_s),
        "next_probe_s": _rounded(one.next_probe_s),
        "rate_limited_s": _rounded(one.rate_limited_s),
        "in_flight": one.in_flight,
        "last_minute": {
            "requests": _rounded(one.requests),
            "tokens": _rounded(one.tokens),
            "failures": _rounded(one.failures),
        },
        "first_answer_s": _rounded(one.first_answer_s),
        "share": _rounded(one.share),
    }


def _plain(value: object) -> JSON:
    """Settings as JSON, by the names of their fields."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _ids(deployments: tuple[Deployment, ...]) -> list[JSON]:
    return [deployment.id for deployment in deployments]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
