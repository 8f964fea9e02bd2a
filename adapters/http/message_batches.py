"""Message batches as Anthropic's clients create, list, watch, cancel, read and delete them.

Source: https://platform.claude.com/docs/en/api/creating-message-batches and its neighbours (2026-11).
"""

from datetime import UTC, datetime
from typing import Final

import msgspec
from quart import Blueprint, Response, request

from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.envelope import Envelope
from adapters.http.batch_api import MESSAGES_PREFIXES, on_disk, read_body, read_limit
from adapters.http.file_body import file_response
from adapters.http.json_response import json_response
from application.batch.kept_files import HIDDEN_INPUT, KeptFiles
from application.batch.service import BatchService
from application.ports.batch_store import Cursor
from domain.batch.bad_line import BadLine
from domain.batch.job import UNFINISHED, BatchJob, JobStatus
from domain.batch.line import LineShape
from domain.errors import ErrorKind, MalformedRequest
from domain.json_types import JSON

_SHAPE: Final = LineShape.ANTHROPIC
_PATH: Final = "/v1/messages"
_PAGE, _LONGEST_PAGE = 20, 1_000
_JSONL: Final = "application/x-jsonl"
_REQUESTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_SCHEMES: Final = frozenset({"http", "https"})


def message_batches_blueprint(batches: BatchService, files: KeptFiles) -> Blueprint:
    """The routes about message batches."""
    blueprint = Blueprint("message_batches", __name__)

    async def create() -> Response:
        job = await on_disk(_create, await read_body(), batches, files)
        return json_response(render_message_batch(job, _own_url(job)))

    async def every_batch() -> Response:
        return json_response(await on_disk(_page, batches, *_read_cursor()))

    async def one_batch(batch_id: str) -> Response:
        if request.method == "DELETE":
            await on_disk(batches.delete, batch_id, _SHAPE)
            return json_response({"id": batch_id, "type": "message_batch_deleted"})
        job = await on_disk(batches.get, batch_id, _SHAPE)
        return json_response(render_message_batch(job, _own_url(job)))

    async def cancel(batch_id: str) -> Response:
        job = await on_disk(batches.cancel, batch_id, _SHAPE)
        return json_response(render_message_batch(job, _own_url(job)))

    async def results(batch_id: str) -> Response:
        job = await on_disk(batches.get, batch_id, _SHAPE)
        if job.output_file_id is None:
            raise MalformedRequest(
                f"expected a batch that has results; {job.id} has none yet. Wait until its "
                "processing_status is ended.",
                kind=ErrorKind.NOT_FOUND,
                code="results_not_found",
            )
        return file_response(await on_disk(files.content, job.output_file_id), _JSONL)

    for path in MESSAGES_PREFIXES:
        blueprint.add_url_rule(path, view_func=create, methods=["POST"])
        blueprint.add_url_rule(path, view_func=every_batch)
        blueprint.add_url_rule(f"{path}/<batch_id>", view_func=one_batch, methods=["GET", "DELETE"])
        blueprint.add_url_rule(f"{path}/<batch_id>/cancel", view_func=cancel, methods=["POST"])
        blueprint.add_url_rule(f"{path}/<batch_id>/results", view_func=results)
    return blueprint


def render_message_batch(job: BatchJob, url: str) -> dict[str, JSON]:
    """A batch in Anthropic's words, which count nothing before the batch has ended; `url` is its own."""
    has_ended = job.status not in UNFINISHED
    counts, is_cancelled = job.counts, job.status is JobStatus.CANCELLED
    told = {"processing": counts.total, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    if has_ended:
        told = {
            "processing": 0,
            "succeeded": counts.succeeded,
            "errored": counts.failed,
            "canceled": counts.unasked if is_cancelled else 0,
            "expired": 0 if is_cancelled else counts.unasked,
        }
    going = "canceling" if job.status is JobStatus.CANCELLING else "in_progress"
    return {
        "id": job.id,
        "type": "message_batch",
        "processing_status": "ended" if has_ended else going,
        "request_counts": told,
        "ended_at": _date(job.reached.get(job.status)) if has_ended else None,
        "created_at": _date(job.created_unix_s),
        "expires_at": _date(job.expires_unix_s),
        "archived_at": None,
        "cancel_initiated_at": _date(job.reached.get(JobStatus.CANCELLING)),
        "results_url": None if job.output_file_id is None else f"{url}/results",
    }


def _create(body: bytes, batches: BatchService, files: KeptFiles) -> BatchJob:
    """Keeps the requests as a file of lines, like any other batch's. Raises MalformedRequest, OSError."""
    lines = _lines(Envelope.decode(body))
    file_id, upload = files.begin()
    try:
        for line in lines:
            upload.write(line + b"\n")
        files.keep(file_id, upload, name=f"{file_id}.jsonl", purpose=HIDDEN_INPUT)
    finally:
        upload.discard()
    return batches.create(file_id, _PATH, shape=_SHAPE, total=len(lines))


def _lines(envelope: Envelope) -> list[bytes]:
    """The requests, one a line. Raises MalformedRequest where one is none, or two have the same custom_id."""
    try:
        requests = _REQUESTS.decode(envelope.raw("requests") or b"null")
    except msgspec.DecodeError:
        requests = []
    if not requests:
        raise MalformedRequest(
            "requests: expected a list of at least one request, each with custom_id and params", param="requests"
        )
    reader, seen, lines = LineReader(shape=_SHAPE), dict[str, int](), []
    for index, raw in enumerate(requests):
        line = msgspec.json.format(bytes(raw), indent=-1)
        custom_id = _custom_id(reader, line, index)
        if (first := seen.setdefault(custom_id, index)) != index:
            raise _mistaken(index, f"custom_id: expected one that no other has; requests[{first}] has the same")
        lines.append(line)
    return lines


def _custom_id(reader: LineReader, line: bytes, index: int) -> str:
    try:
        return reader.parse(line, index + 1).custom_id
    except BadLine as mistake:
        raise _mistaken(index, mistake.message) from None


def _mistaken(index: int, message: str) -> MalformedRequest:
    return MalformedRequest(f"requests[{index}]: {message}", param=f"requests[{index}]")


def _read_cursor() -> tuple[Cursor, str]:
    """What part of the list is asked for, and by which parameter. Raises MalformedRequest."""
    limit = read_limit(request.args, default=_PAGE, most=_LONGEST_PAGE)
    before, after = request.args.get("before_id"), request.args.get("after_id")
    if before and after:
        raise MalformedRequest("after_id: expected none beside before_id; leave one out", param="after_id")
    if before:
        return Cursor(limit=limit, after=before, newest_first=False), "before_id"
    return Cursor(limit=limit, after=after or None), "after_id"


def _page(batches: BatchService, cursor: Cursor, member: str) -> dict[str, JSON]:
    page = batches.page(cursor, _SHAPE, member=member)
    jobs = page.entries if cursor.newest_first else page.entries[::-1]
    return {
        "data": [render_message_batch(job, _own_url(job)) for job in jobs],
        "has_more": page.has_more,
        "first_id": jobs[0].id if jobs else None,
        "last_id": jobs[-1].id if jobs else None,
    }


def _own_url(job: BatchJob) -> str:
    """Where the caller finds the batch: at the host that it asked, as it asked for it where a proxy tells how."""
    prefix = next(path for path in MESSAGES_PREFIXES if request.path.startswith(path))
    told = request.headers.get("x-forwarded-proto", "").lower()
    scheme = told if told in _SCHEMES else request.scheme
    return f"{scheme}://{request.host}{prefix}/{job.id}"


def _date(unix_s: int | None) -> str | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
