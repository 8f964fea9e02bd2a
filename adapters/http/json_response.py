"""Answers of the control plane."""

from quart import Response

from adapters.dialects import json_codec
from adapters.http.headers import Header
from domain.json_types import JSON


def json_response(body: JSON, status: int = 200) -> Response:
    """`body` as a JSON answer."""
    return Response(json_codec.encode(body), status, content_type="application/json")


def with_headers(response: Response, *headers: Header) -> Response:
    """`response` with `headers` added."""
    for name, value in headers:
        response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response
