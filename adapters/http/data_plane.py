"""The data plane: how every exchange of a model-calling route is run, whatever door it came through."""

from typing import Final, Protocol

from adapters.http.access import AccessPolicy
from adapters.http.cancel_scope import CancelScope
from adapters.http.drain import Drain
from adapters.http.errors import answer_error, defect
from adapters.http.exchange import ClientGone, Exchange
from adapters.http.headers import choose_request_id
from adapters.http.inbound import Inbound
from adapters.http.routes import Route, RouteTable
from adapters.http.task_runner import TaskRunner
from application.call_record import CallRecord
from application.ports.clock import Clock
from application.ports.ledger import Ledger
from domain.errors import FeatherGateError, MalformedRequest

_METHODS: Final = "POST, OPTIONS"
_CLIENT_LEFT: Final = 499


class RequestLog(Protocol):
    """Writes a line about a request that called no model."""

    def request(self, method: str, path: str, *, status: int, duration_s: float, request_id: str) -> None:
        """A request was answered; `path` comes without its query."""
        ...


class DataPlane:
    """Runs exchanges: one cancel scope, one record booked once, and no way to end but an answer.

    `routes`, `access` and `drain` are the gateway's; `ledger` books calls, `log` tells of the few requests
    that are none (OPTIONS, a wrong method).
    """

    def __init__(
        self,
        *,
        routes: RouteTable,
        access: AccessPolicy,
        drain: Drain,
        ledger: Ledger,
        log: RequestLog,
        clock: Clock,
        tasks: TaskRunner,
    ) -> None:
        self.find = routes.find
        self._access = access
        self._drain = drain
        self._ledger = ledger
        self._log = log
        self._clock = clock
        self._tasks = tasks

    async def serve(
        self, exchange: Exchange, route: Route, path_model: str | None, record: CallRecord | None = None
    ) -> None:
        """Answer one exchange. Raises nothing but a cancellation that the server itself asked for.

        `record`: of a caller who reads it afterwards.
        """
        headers = exchange.headers
        if record is None:
            record = CallRecord(
                request_id=choose_request_id(headers.get("x-request-id")),
                route=route.name,
                received_s=self._clock.monotonic_s(),
            )
        id_header = (b"x-request-id", record.request_id.encode("ascii"))
        standing = (id_header, *self._access.cors.headers(headers))
        inbound = Inbound(exchange, record, route.dialect, path_model, standing, route.credentials)
        if exchange.method != "POST":
            await self._answer_other_method(inbound)
            return
        scope = CancelScope(self._tasks.loop)
        exchange.on_broken(scope.cancel)
        self._ledger.opened()
        try:
            await self._handle(inbound, route, scope)
        finally:
            self._drain.leave(scope)
            record.finished_s = self._clock.monotonic_s()
            record.status = record.status or _CLIENT_LEFT
            if record.error is not None:
                record.error.let_go()
            self._ledger.book(record)

    async def _handle(self, inbound: Inbound, route: Route, scope: CancelScope) -> None:
        try:
            try:
                with scope:
                    self._drain.enter(scope)
                    await route.handler.handle(inbound)
            except ClientGone:
                raise
            except FeatherGateError as error:
                with scope:
                    await answer_error(inbound, error)
            except Exception as failure:  # noqa: BLE001 - the home of defects: each is logged and answered
                with scope:
                    await answer_error(inbound, defect(failure, inbound.record.request_id))
        except ClientGone:
            inbound.record.status = _CLIENT_LEFT
            inbound.exchange.abort()

    async def _answer_other_method(self, inbound: Inbound) -> None:
        exchange, record = inbound.exchange, inbound.record
        if exchange.method == "OPTIONS":
            record.status = 204
            id_header = inbound.standing_headers[:1]
            await exchange.start(204, (*id_header, *self._access.cors.preflight(exchange.headers, _METHODS)))
            await exchange.finish()
        else:
            inbound.standing_headers += ((b"allow", _METHODS.encode("ascii")),)
            await answer_error(inbound, wrong_method(exchange.method, _METHODS))
        self._log.request(
            exchange.method,
            exchange.path,
            status=record.status,
            duration_s=self._clock.monotonic_s() - record.received_s,
            request_id=record.request_id,
        )


def wrong_method(method: str, allowed: str) -> MalformedRequest:
    """The refusal of a method that the path does not take."""
    return MalformedRequest(
        f"expected one of the methods {allowed}; got {method}", status=405, code="method_not_allowed"
    )
