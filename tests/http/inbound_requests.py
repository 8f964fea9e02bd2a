"""Requests as readers get them, without a server."""

from adapters.dialects.contract import ClientDialect
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http.asgi_exchange import AsgiExchange
from adapters.http.inbound import Inbound
from adapters.http.task_runner import TaskRunner
from application.call_record import CallRecord


async def _nothing(*_: object) -> None:
    raise AssertionError("reading a call neither reads from the socket nor sends")


def inbound(
    headers: dict[str, str],
    path_model: str | None = None,
    *,
    dialect: ClientDialect | None = None,
    query: bytes = b"",
) -> Inbound:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query,
        "client": None,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    exchange = AsgiExchange(scope, _nothing, _nothing, tasks=TaskRunner())  # type: ignore[arg-type] # the parts that matter here
    record = CallRecord(request_id="r", route="/", received_s=0)
    return Inbound(exchange, record, dialect or OpenAIChat(), path_model)
