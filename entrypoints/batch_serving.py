"""Batches that a serving gateway keeps: their routes, and the work on them; light where nothing is kept."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.config.settings import Settings
from application.ports.clock import Clock
from entrypoints.lazily import lazily
from entrypoints.listening import CannotServe

if TYPE_CHECKING:
    from quart import Blueprint

    from application.batch.conduct import ConductBatches
    from entrypoints.container import Container
    from entrypoints.kept_batches import KeptBatches
    from entrypoints.server import Controls


def kept_batches(settings: Settings, clock: Clock) -> "KeptBatches | None":
    """What is kept in the configured directory; None where there is none."""
    if settings.data_dir is None:
        return None
    kept: KeptBatches = lazily("entrypoints.kept_batches:KeptBatches")(
        Path(settings.data_dir),
        clock,
        max_upload_bytes=settings.limits.max_upload_bytes,
        concurrency=settings.limits.batch_concurrency,
    )
    return kept


def batch_api_blueprint(kept: "KeptBatches | None") -> "Blueprint":
    """The routes; where nothing is kept, they say what to configure."""
    if kept is not None:
        routes: Blueprint = lazily("adapters.http.batch_routes:batch_blueprint")(
            kept.file_service(), kept.batch_service(), max_upload_bytes=kept.max_upload_bytes
        )
        return routes
    refusals: Blueprint = lazily("adapters.http.batch_api:unconfigured_blueprint")()
    return refusals


def check_data_dir(kept: "KeptBatches | None") -> None:
    """Make the directory that is configured, if one is. Raises CannotServe where that is impossible."""
    if kept is None:
        return
    try:
        kept.make_folder()
    except OSError as refused:
        raise CannotServe(
            f"feathergate.data_dir: expected a directory to write to; {refused}. Name another, or let this user "
            "write there."
        ) from None


class BatchWork:
    """Work on kept batches beside the serving of one process, from its beginning to its end."""

    def __init__(self, container: "Container") -> None:
        self._container = container
        self._conductor: ConductBatches | None = None
        self._ended = asyncio.Event()

    def begin(self, controls: "Controls") -> "Controls":
        """Begin, where batches are kept; what steers the server from now on, and the work with it."""
        kept = self._container.kept_batches()
        if kept is None:
            return controls
        self._conductor = kept.conductor(self._container.in_process_door(), self._container.tasks())
        self._container.tasks().run(self._work(self._conductor))
        return _Steering(controls, self)

    def stop(self) -> None:
        """Ask nothing more."""
        if self._conductor is not None:
            self._conductor.stop()

    async def ended(self) -> None:
        """Wait until what is being asked is answered, and its answers are on the disk."""
        kept = self._container.kept_batches()
        if kept is not None and self._conductor is not None:
            self._conductor.stop()
            await self._ended.wait()
            await asyncio.to_thread(kept.close)

    async def _work(self, conductor: "ConductBatches") -> None:
        try:
            await conductor.run()
        finally:
            self._ended.set()


class _Steering:
    """Controls of a server; one that retires leaves the batches to its successor."""

    def __init__(self, server: "Controls", work: BatchWork) -> None:
        self._server = server
        self._work = work

    def stop(self) -> None:
        self._server.stop()

    def hurry(self) -> None:
        self._server.hurry()

    def retire(self) -> None:
        self._work.stop()
        self._server.retire()
