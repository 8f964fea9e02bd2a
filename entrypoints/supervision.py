"""Several processes for one gateway: what the supervisor and its workers do, put together."""

import gc
import socket
from collections.abc import Callable

from adapters.config.loading import LoadedConfig
from adapters.config.mistakes import ConfigError
from domain.errors import NotConfigured
from entrypoints.arguments import Options
from entrypoints.listening import CannotServe, listen_for_workers
from entrypoints.service import Service, show
from entrypoints.supervisor import Supervision, Supervisor, Unchanged
from entrypoints.workers import Work
from entrypoints.workers_link import WorkerLink


def supervise(service: Service, options: Options, reload: Callable[[], LoadedConfig], *, workers: int) -> None:
    """Have so many workers serve until a signal. Raises ConfigError, CannotServe.

    Everything is built here, before the workers are forked, so that they share its memory.
    """
    listeners = listen_for_workers(options.host, options.port, workers)
    banner = service.banner(listeners[0])
    service.prepare(for_forks=True)

    def again() -> Work:
        gc.unfreeze()  # what the configurations before left behind may go
        try:
            renewed = Service(options, reload())
            renewed.prepare(for_forks=True)
        except ConfigError as mistaken:
            raise Unchanged(*map(str, mistaken.mistakes)) from None
        except (NotConfigured, CannotServe) as mistaken:
            raise Unchanged(str(mistaken)) from None
        finally:
            gc.freeze()
        return work_of(renewed)

    settings = Supervision(reload=again, on_up=lambda: show(banner), drain_timeout_s=options.drain_timeout_s)
    Supervisor(work_of(service), listeners, settings, service.container.clock()).run()


def work_of(service: Service) -> Work:
    """What a worker does that serves for `service`."""
    container = service.container

    def work(listener: socket.socket, end: socket.socket) -> None:
        page = container.metrics_page()
        link = WorkerLink(end, page.snapshot, tasks=container.tasks(), clock=container.clock())
        page.join(link.ask_others)
        service.serve(listener, link.serves, link)

    return work
