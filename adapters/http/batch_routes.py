"""The routes about files and batches, put together where something is kept."""

from quart import Blueprint

from adapters.http.batches import batches_blueprint
from adapters.http.files import files_blueprint
from adapters.http.message_batches import message_batches_blueprint
from application.batch.kept_files import KeptFiles
from application.batch.service import BatchService


def batch_blueprint(files: KeptFiles, batches: BatchService, *, max_upload_bytes: int) -> Blueprint:
    """The routes about what is kept."""
    routes = Blueprint("batch_api", __name__)
    routes.register_blueprint(files_blueprint(files, max_upload_bytes=max_upload_bytes))
    routes.register_blueprint(batches_blueprint(batches))
    routes.register_blueprint(message_batches_blueprint(batches, files))
    return routes
