"""What all control-plane routes share: access, request ids, CORS, the access log, and errors as JSON."""

from collections.abc import Mapping
from typing import Final

from quart import Quart, Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from adapters.dialects.contract import ClientDialect
from adapters.http.access import ANY_CREDENTIALS, AccessPolicy
from adapters.http.client_kind import ClientKind, client_kind
from adapters.http.data_plane import RequestLog, wrong_method
from adapters.http.errors import defect, error_headers
from adapters.http.headers import choose_request_id
from adapters.http.json_response import json_response, with_headers
from application.ports.clock import Clock
from domain.errors import ErrorKind, FeatherGateError, MalformedRequest

_METRICS: Final = "/metrics"
_SHOWN_CHARACTERS: Final = 200


class ControlPlane:
    """Hooks around every request that Quart answers; errors are worded in the dialect of who seems to ask.

    metrics_need_key: `/metrics` is guarded as the rest; `/health` never is.
    """

    def __init__(
        self,
        *,
        access: AccessPolicy,
        dialects: Mapping[ClientKind, ClientDialect],
        log: RequestLog,
        clock: Clock,
        metrics_need_key: bool = True,
    ) -> None:
        self._access = access
        self._dialects = dialects
        self._log = log
        self._clock = clock
        self._metrics_need_key = metrics_need_key

    def guard(self, app: Quart) -> None:
        """Put the hooks around `app`'s routes."""
        app.before_request(self._begin)
        app.after_request(self._end)
        app.register_error_handler(FeatherGateError, self._answer_error)
        app.register_error_handler(HTTPException, self._answer_http_error)
        app.register_error_handler(Exception, self._answer_defect)

    async def _begin(self) -> None:
        g.received_s = self._clock.monotonic_s()
        headers = lower(request.headers)
        g.request_id = choose_request_id(headers.get("x-request-id"))
        if not self._is_free(request.method, request.path):
            self._access.admit(headers, ANY_CREDENTIALS, request.query_string)

    async def _end(self, response: Response) -> Response:
        headers, cors = lower(request.headers), self._access.cors
        response.headers["x-request-id"] = g.request_id
        if request.method == "OPTIONS":
            methods = response.headers.pop("allow", "GET, OPTIONS")
            with_headers(response, *cors.preflight(headers, methods))
        else:
            with_headers(response, *cors.headers(headers))
        self._log.request(
            request.method,
            request.path,
            status=response.status_code,
            duration_s=self._clock.monotonic_s() - g.received_s,
            request_id=g.request_id,
        )
        return response

    def _is_free(self, method: str, path: str) -> bool:
        if method == "OPTIONS" or path == "/health" or path.startswith("/health/"):
            return True
        return path == _METRICS and not self._metrics_need_key

    async def _answer_error(self, error: FeatherGateError) -> Response:
        kind = client_kind(request.path, lower(request.headers), request.query_string)
        status, body = self._dialects[kind].render_error(error)
        return with_headers(json_response(body, status), *error_headers(error))

    async def _answer_http_error(self, error: HTTPException) -> Response:
        match error:
            case NotFound():
                asked = f"{request.method} {request.path[:_SHOWN_CHARACTERS]}"
                answer = MalformedRequest(
                    f"expected one of the gateway's routes; {asked} is none",
                    kind=ErrorKind.NOT_FOUND,
                    code="not_found",
                )
            case MethodNotAllowed():
                methods = ", ".join(sorted(error.valid_methods or ()))
                response = await self._answer_error(wrong_method(request.method, methods))
                response.headers["allow"] = methods
                return response
            case _:
                answer = MalformedRequest(error.description or error.name, status=error.code)
        return await self._answer_error(answer)

    async def _answer_defect(self, failure: Exception) -> Response:
        return await self._answer_error(defect(failure, g.request_id))


def lower(headers: Headers) -> dict[str, str]:
    """`headers` by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}
