"""The running gateway: its parts built, its socket open, and a tidy end."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from adapters.config.loading import LoadedConfig
from adapters.http.lazy_application import LazyApplication
from adapters.observability.logs import configure_logging
from entrypoints.arguments import Options
from entrypoints.banner import render_banner
from entrypoints.batch_serving import BatchWork, check_data_dir
from entrypoints.container import Container, close_container
from entrypoints.garbage import spare_collections
from entrypoints.listening import base_url, check_certificate, listen
from entrypoints.server import Controls, ServerSettings, import_server, serve_hypercorn, serve_uvicorn

if TYPE_CHECKING:
    from entrypoints.workers_link import WorkerLink

_LOG: Final = logging.getLogger(__name__)


class Service:
    """A gateway with one configuration. Raises ConfigError, CannotServe where that cannot be served."""

    def __init__(self, options: Options, loaded: LoadedConfig) -> None:
        self._options = options
        self._loaded = loaded
        self._container = Container(loaded=loaded, options=options)
        if options.tls_cert is not None and options.tls_key is not None:
            check_certificate(options.tls_cert, options.tls_key)
        check_data_dir(self._container.kept_batches())
        needs_hypercorn = options.tls_cert is not None or options.http2
        self._on_hypercorn = options.server == "hypercorn" or (options.server == "auto" and needs_hypercorn)

    @property
    def container(self) -> Container:
        """What the gateway is made of."""
        return self._container

    def prepare(self, *, for_forks: bool = False) -> None:
        """Build what most requests need, have it out of the garbage collector's way, and set up the log.

        for_forks: build everything that any request needs, since processes forked from this one share it.
        """
        container = self._container
        container.data_plane()
        if self._on_hypercorn or for_forks:  # the only way to the data plane there, so that nobody should wait
            container.app()
        if for_forks:
            import_server(hypercorn=self._on_hypercorn)
        configure_logging(sys.stderr, log_format=container.log_format(), level=container.log_level())
        spare_collections()

    def banner(self, listener: socket.socket) -> str:
        """What to say once the gateway serves."""
        url = base_url(listener, tls=self._options.tls_cert is not None)
        needs_key = self._loaded.settings.master_key is not None
        return render_banner(self._container.fleet(), url, needs_key=needs_key)

    def serve(
        self,
        listener: socket.socket,
        on_listening: Callable[[Controls], None],
        link: "WorkerLink | None" = None,
    ) -> None:
        """Serve until a signal, or until told by `link` to stop."""
        options, container = self._options, self._container
        batches = BatchWork(container)

        def stop() -> None:
            container.drain().begin(options.drain_timeout_s)
            batches.stop()

        async def close() -> None:
            await container.drain().wait()
            await batches.ended()
            await close_container(container)
            if link is not None:
                await link.leave()

        settings = ServerSettings(
            listener=listener,
            drain_timeout_s=options.drain_timeout_s,
            on_listening=lambda controls: on_listening(batches.begin(controls)),
            on_stop=stop,
            on_hurry=lambda: container.drain().begin(0),
            retire_timeout_s=self._loaded.settings.limits.total_timeout_s,
            supervised=link is not None,
            http2=options.http2,
            tls_cert=options.tls_cert,
            tls_key=options.tls_key,
        )
        app = LazyApplication(container.app, on_stop=close)
        if self._on_hypercorn:
            serve_hypercorn(app, settings)
        else:
            serve_uvicorn(app, container.data_plane(), settings)


def serve(options: Options, loaded: LoadedConfig, reload: Callable[[], LoadedConfig]) -> None:
    """Serve until a signal, with `reload` at each SIGHUP where workers serve. Raises ConfigError, CannotServe."""
    service = Service(options, loaded)
    if options.workers is not None:
        from entrypoints.supervision import supervise  # noqa: PLC0415 - one process needs none of it

        supervise(service, options, reload, workers=options.workers)
        return
    listener = listen(options.host, options.port)
    banner = service.banner(listener)
    service.prepare()

    def on_listening(_: Controls) -> None:
        _outlive_hangups()
        show(banner)

    service.serve(listener, on_listening)


def _outlive_hangups() -> None:
    """Have SIGHUP, which would end the process with all its answers, do nothing but say so."""
    if hasattr(signal, "SIGHUP"):  # not on Windows
        words = "SIGHUP changes nothing here: a new configuration takes a restart, or --workers"
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _LOG.warning, words)


def show(banner: str) -> None:
    """Print the banner, whoever reads it."""
    try:
        print(banner, flush=True)  # noqa: T201 - the operator's first sight of the gateway
    except (
        OSError
    ):  # who read has left, as in `feathergate | head -1`; what is left must not fail again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
