"""The third door to the data plane, beside ASGI and the wire: requests of this very process."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import ClientDialect
from adapters.http.data_plane import DataPlane
from adapters.http.headers import choose_request_id
from adapters.http.line_estimates import LineEstimates, no_route
from adapters.http.memory_exchange import MemoryExchange
from application.call_record import CallRecord
from application.estimate_call import EstimateCall
from application.ports.clock import Clock
from domain.batch.line import BatchLine, LineEstimate, LineOutcome
from domain.errors import FeatherGateError, ShuttingDown
from domain.secret import Secret

_OWN_HOST: Final = {"host": "localhost"}


class InProcessDoor:
    """Has the lines of batches answered by the data plane, each as a call like any other; a LineAsker.

    `key` is the gateway's own, which guards the data plane against everybody else. `dialect` words the refusal of
    lines whose path is no route's.
    """

    def __init__(
        self,
        plane: DataPlane,
        estimate_call: EstimateCall,
        *,
        clock: Clock,
        dialect: ClientDialect,
        key: Secret | None,
    ) -> None:
        self._plane = plane
        self._estimates = LineEstimates(plane.find, estimate_call)
        self._clock = clock
        self._dialect = dialect
        self._headers = _OWN_HOST if key is None else {**_OWN_HOST, "authorization": f"Bearer {key.reveal()}"}

    async def ask(self, line: BatchLine) -> LineOutcome:
        """See LineAsker. A cancellation closes the upstream before it goes on."""
        record = CallRecord(
            request_id=choose_request_id(None), route=line.path, received_s=self._clock.monotonic_s()
        )
        found = self._plane.find(line.path)
        if found is None:
            record.finished_s = record.received_s
            return _failed(record, no_route(line.path), self._dialect)
        route, path_model = found
        record.route = route.name
        exchange = MemoryExchange(line.path, self._headers, line.body)
        await self._plane.serve(exchange, route, path_model, record)
        if not exchange.finished:  # cut off, or broken amid an answer that had begun
            cut = ShuttingDown("the gateway shut down before the answer was complete; ask again")
            return _failed(record, record.error or cut, route.dialect)
        return _outcome(record, exchange.status, exchange.answer, record.error)

    def estimate(self, line: BatchLine) -> LineEstimate:
        """See LineAsker."""
        return self._estimates.of(line, self._headers)


def _failed(record: CallRecord, error: FeatherGateError, dialect: ClientDialect) -> LineOutcome:
    status, body = dialect.render_error(error)
    return _outcome(record, status, json_codec.encode(body), error)


def _outcome(record: CallRecord, status: int, body: bytes, error: FeatherGateError | None) -> LineOutcome:
    return LineOutcome(
        status=status,
        body=body,
        request_id=record.request_id,
        error=error,
        usage=record.usage,
        cost_usd=record.cost_usd,
        attempts=record.attempts,
        duration_s=record.duration_s,
    )
