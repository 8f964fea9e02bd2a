"""Files as OpenAI's clients upload, list, read and delete them.

Source: https://platform.openai.com/docs/api-reference/files (2026-11).
"""

from typing import Final

from quart import Blueprint, Quart, Response, request
from quart.blueprints import BlueprintSetupState

from adapters.http.batch_api import on_disk, openai_paths, read_cursor, storage_failed
from adapters.http.file_body import file_response
from adapters.http.json_response import json_response
from adapters.http.uploads import Form, receive_form, uploading
from application.batch.kept_files import INPUT, KeptFiles
from domain.batch.job import KeptFile
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.json_types import JSON

_LONGEST_PAGE: Final = 10_000
_FORWARDING: Final = frozenset({"custom_llm_provider", "target_model_names"})
"""Where litellm's proxy would pass the file on to; here it is kept, and each request names its model."""
_UNSUPPORTED_MEDIA_TYPE: Final = 415


def files_blueprint(files: KeptFiles, *, max_upload_bytes: int) -> Blueprint:
    """The routes about files."""
    blueprint = Blueprint("files", __name__)
    paths = openai_paths("files")

    async def create() -> Response:
        return json_response(render_file(await _taken_in(files, max_upload_bytes)))

    async def every_file() -> Response:
        cursor = read_cursor(default=_LONGEST_PAGE, most=_LONGEST_PAGE)
        page = await on_disk(files.page, cursor, request.args.get("purpose"))
        return json_response(render_list([render_file(file) for file in page.entries], has_more=page.has_more))

    async def one_file(file_id: str) -> Response:
        if request.method == "DELETE":
            await on_disk(files.delete, file_id)
            return json_response({"id": file_id, "object": "file", "deleted": True})
        return json_response(render_file(await on_disk(files.get, file_id)))

    async def content(file_id: str) -> Response:
        return file_response(await on_disk(files.open, file_id), "application/octet-stream")

    def take_uploads(state: BlueprintSetupState) -> None:
        if isinstance(state.app, Quart):
            state.app.request_class = uploading(paths, max_upload_bytes)

    blueprint.record(take_uploads)
    for path in paths:
        blueprint.add_url_rule(path, view_func=create, methods=["POST"])
        blueprint.add_url_rule(path, view_func=every_file)
        blueprint.add_url_rule(f"{path}/<file_id>", view_func=one_file, methods=["GET", "DELETE"])
        blueprint.add_url_rule(f"{path}/<file_id>/content", view_func=content)
    return blueprint


def render_file(file: KeptFile) -> dict[str, JSON]:
    """What is known of a file, in OpenAI's words."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size_bytes,
        "created_at": file.created_unix_s,
        "expires_at": None,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def render_list(entries: list[dict[str, JSON]], *, has_more: bool) -> dict[str, JSON]:
    """Part of a list, in OpenAI's words."""
    return {
        "object": "list",
        "data": entries,
        "first_id": entries[0]["id"] if entries else None,
        "last_id": entries[-1]["id"] if entries else None,
        "has_more": has_more,
    }


async def _taken_in(files: KeptFiles, max_upload_bytes: int) -> KeptFile:
    """The file that comes with the request, kept."""
    _refuse_coding(request.headers.get("content-encoding", ""))
    file_id, upload = await on_disk(files.begin)
    try:
        form = await receive_form(request, upload, max_upload_bytes=max_upload_bytes)
        return await on_disk(files.keep, file_id, upload, name=_checked(form), purpose=INPUT)
    except OSError as failure:
        raise storage_failed(failure) from failure
    finally:
        upload.discard()


def _checked(form: Form) -> str:
    """The file's name. Raises MalformedRequest where the form is not one of an input, UnsupportedFeature."""
    purpose = form.fields.get("purpose")
    if purpose != INPUT:
        raise MalformedRequest(
            f"purpose: expected {INPUT!r}, the one that files are kept for here; "
            f"{'there is none' if purpose is None else 'there is another'}",
            param="purpose",
        )
    if form.file_name is None:
        raise MalformedRequest("file: expected a file, as a part with a filename; there is none", param="file")
    for name in form.fields.keys() - _FORWARDING - {"purpose"}:
        if name.startswith("expires_after"):
            raise UnsupportedFeature(
                "expires_after: expected none, as files stay until they are deleted. Leave it out, and delete the "
                "file when it has served.",
                param="expires_after",
            )
        raise MalformedRequest("expected no parts but purpose and file; there is another", param=name[:64])
    return form.file_name


def _refuse_coding(coding: str) -> None:
    if coding.strip().lower() not in {"", "identity"}:
        raise MalformedRequest(
            "expected a form that is not compressed; content-encoding says it is. Send it as it is.",
            status=_UNSUPPORTED_MEDIA_TYPE,
            code="unsupported_content_encoding",
        )
