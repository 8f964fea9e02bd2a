"""The page that Prometheus scrapes."""

from typing import TYPE_CHECKING

from adapters.observability.counting import CallCounts

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class MetricsPage:
    """Renders the counts, and the process' memory, CPU and open files, from a registry of its own."""

    def __init__(self, counts: CallCounts) -> None:
        self._counts = counts
        self._registry: CollectorRegistry | None = None

    def render(self, accept: str = "") -> tuple[str, bytes]:
        """Content type and body: OpenMetrics where `accept` asks for it, else the text format."""
        # prometheus-client takes longer to import than everything else here together: only who scrapes waits
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

        if self._registry is None:
            self._registry = _registry(self._counts)
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)


def _registry(counts: CallCounts) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415 - see `render`

    from adapters.observability.metric_families import CallCollector  # noqa: PLC0415 - see `render`

    registry = CollectorRegistry()
    registry.register(CallCollector(counts))
    ProcessCollector(registry=registry)
    return registry
