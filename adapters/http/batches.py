"""Batches as OpenAI's clients create, list, watch and cancel them.

Source: https://platform.openai.com/docs/api-reference/batch (2026-11).
"""

from collections.abc import Mapping
from typing import Final

from quart import Blueprint, Response

from adapters.dialects.envelope import Envelope
from adapters.http.batch_api import on_disk, openai_paths, read_body, read_cursor
from adapters.http.files import render_list
from adapters.http.json_response import json_response
from application.batch.service import BatchService
from domain.batch.job import BatchJob, JobMistake, JobStatus, JobUsage
from domain.batch.line import LineShape
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.json_types import JSON

ENDPOINTS: Final = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions")

_PAGE, _LONGEST_PAGE = 20, 100
_WINDOW: Final = "24h"
_SHAPE: Final = LineShape.OPENAI
_MEMBERS: Final = frozenset({"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"})
_FORWARDING: Final = frozenset({"custom_llm_provider", "model"})
"""Where litellm's proxy would pass the batch on to; here each request says which model it is for."""
_MOST_METADATA, _LONGEST_NAME, _LONGEST_VALUE = 16, 64, 512


def batches_blueprint(batches: BatchService) -> Blueprint:
    """The routes about batches."""
    blueprint = Blueprint("batches", __name__)

    async def create() -> Response:
        envelope = Envelope.decode(await read_body())
        _refuse_others(envelope)
        job = await on_disk(
            batches.create,
            _text(envelope, "input_file_id"),
            _endpoint(envelope),
            shape=_SHAPE,
            metadata=_metadata(envelope.value("metadata")),
        )
        return json_response(render_batch(job))

    async def every_batch() -> Response:
        page = await on_disk(batches.page, read_cursor(default=_PAGE, most=_LONGEST_PAGE), _SHAPE)
        return json_response(render_list([render_batch(job) for job in page.entries], has_more=page.has_more))

    async def one_batch(batch_id: str) -> Response:
        return json_response(render_batch(await on_disk(batches.get, batch_id, _SHAPE)))

    async def cancel(batch_id: str) -> Response:
        return json_response(render_batch(await on_disk(batches.cancel, batch_id, _SHAPE)))

    for path in openai_paths("batches"):
        blueprint.add_url_rule(path, view_func=create, methods=["POST"])
        blueprint.add_url_rule(path, view_func=every_batch)
        blueprint.add_url_rule(f"{path}/<batch_id>", view_func=one_batch)
        blueprint.add_url_rule(f"{path}/<batch_id>/cancel", view_func=cancel, methods=["POST"])
    return blueprint


def render_batch(job: BatchJob) -> dict[str, JSON]:
    """A batch in OpenAI's words. What was never asked counts as failed: the file of errors says so of each."""
    reached, counts = job.reached, job.counts
    errors = {"object": "list", "data": [_mistake(one) for one in job.mistakes]} if job.mistakes else None
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": job.path,
        "errors": errors,
        "input_file_id": job.input_file_id,
        "completion_window": _WINDOW,
        "status": job.status.value,
        "output_file_id": job.output_file_id,
        "error_file_id": job.error_file_id,
        "created_at": job.created_unix_s,
        "in_progress_at": reached.get(JobStatus.IN_PROGRESS),
        "expires_at": job.expires_unix_s,
        "finalizing_at": reached.get(JobStatus.FINALIZING),
        "completed_at": reached.get(JobStatus.COMPLETED),
        "failed_at": reached.get(JobStatus.FAILED),
        "expired_at": reached.get(JobStatus.EXPIRED),
        "cancelling_at": reached.get(JobStatus.CANCELLING),
        "cancelled_at": reached.get(JobStatus.CANCELLED),
        "request_counts": {
            "total": counts.total,
            "completed": counts.succeeded,
            "failed": counts.failed + counts.unasked,
        },
        "usage": None if job.usage is None else _usage(job.usage),
        "metadata": None if job.metadata is None else dict(job.metadata),
    }


def _usage(usage: JobUsage) -> dict[str, JSON]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.answer_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.answer_tokens,
    }


def _mistake(one: JobMistake) -> dict[str, JSON]:
    return {"code": one.code, "message": one.message, "param": None, "line": one.line}


def _refuse_others(envelope: Envelope) -> None:
    for name in envelope:
        if name not in _MEMBERS and name not in _FORWARDING:
            raise MalformedRequest(
                f"{name[:64]}: expected none of that name; leave it out", param=name[:64], code="unknown_parameter"
            )
    if envelope.value("output_expires_after") is not None:
        raise UnsupportedFeature(
            "output_expires_after: expected none, as files stay until they are deleted. Leave it out, and delete "
            "the files when they have served.",
            param="output_expires_after",
        )
    if envelope.value("completion_window") != _WINDOW:
        raise MalformedRequest(f"completion_window: expected {_WINDOW!r}", param="completion_window")


def _text(envelope: Envelope, name: str) -> str:
    text = envelope.text(name)
    if not text:
        raise MalformedRequest(f"{name}: expected a string; there is none", param=name)
    return text


def _endpoint(envelope: Envelope) -> str:
    endpoint = _text(envelope, "endpoint")
    path = endpoint if endpoint.startswith("/v1/") else f"/v1{endpoint}"  # Azure's leave the version out
    if path not in ENDPOINTS:
        raise MalformedRequest(f"endpoint: expected one of {', '.join(ENDPOINTS)}; got another", param="endpoint")
    return path


def _metadata(value: JSON) -> Mapping[str, str] | None:
    if value is None:
        return None
    fits = isinstance(value, dict) and len(value) <= _MOST_METADATA
    if not fits or not all(
        isinstance(text, str) and len(text) <= _LONGEST_VALUE and len(name) <= _LONGEST_NAME
        for name, text in value.items()
    ):
        raise MalformedRequest(
            f"metadata: expected at most {_MOST_METADATA} names of {_LONGEST_NAME} characters with texts of "
            f"{_LONGEST_VALUE}",
            param="metadata",
        )
    return {str(name): str(text) for name, text in value.items()}
