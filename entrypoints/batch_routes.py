"""The routes about files and batches, put together where something is kept."""

from quart import Blueprint

from adapters.http.batches import batches_blueprint
from adapters.http.files import files_blueprint
from adapters.http.message_batches import message_batches_blueprint
from entrypoints.kept_batches import KeptBatches


def batch_routes(kept: KeptBatches) -> Blueprint:
    """The routes about what is kept."""
    files, batches = kept.file_service(), kept.batch_service()
    routes = Blueprint("batch_api", __name__)
    routes.register_blueprint(files_blueprint(files, max_upload_bytes=kept.max_upload_bytes))
    routes.register_blueprint(batches_blueprint(batches))
    routes.register_blueprint(message_batches_blueprint(batches, files))
    return routes
