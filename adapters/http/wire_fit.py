"""Whether uvicorn's protocol class is still the one that the wire door was fitted to."""

from collections.abc import Mapping
from typing import Final

_READ_BY: Final[Mapping[str, frozenset[str]]] = {
    "__init__": frozenset({"loop", "parser", "server_state", "tasks", "timeout_keep_alive", "pipeline", "cycle"}),
    "connection_made": frozenset({"connections", "transport", "flow", "client"}),
    "connection_lost": frozenset({"connections", "cycle", "flow", "resume_writing", "transport", "parser"}),
    "data_received": frozenset({"parser", "feed_data", "send_400_response", "logger"}),
    "on_message_begin": frozenset({"url", "headers", "scope"}),
    "on_url": frozenset({"url"}),
    "on_header": frozenset({"headers"}),
    "on_headers_complete": frozenset(
        {
            "url",
            "cycle",
            "response_complete",
            "_start_asgi_task",
            "flow",
            "pause_reading",
            "pipeline",
            "appendleft",
        }
    ),
    "on_body": frozenset({"cycle", "response_complete", "message_event"}),
    "on_message_complete": frozenset({"cycle", "response_complete", "message_event"}),
    "on_response_complete": frozenset(
        {"server_state", "total_requests", "transport", "flow", "resume_reading", "pipeline", "_start_asgi_task"}
    ),
    "send_400_response": frozenset({"transport"}),
    "shutdown": frozenset({"cycle", "response_complete", "keep_alive", "transport"}),
    "pause_writing": frozenset({"flow"}),
    "resume_writing": frozenset({"flow"}),
}
"""The methods that are overridden or relied upon, with the names that their code works with."""

_START_PARAMETERS: Final = ("self", "cycle", "app")


def fits(protocol: type) -> bool:
    """Whether `protocol` does with the same attributes, in the same methods, what the wire door expects."""
    for method, names in _READ_BY.items():
        code = getattr(getattr(protocol, method, None), "__code__", None)
        if code is None or not names <= {*code.co_names}:
            return False
    start = getattr(getattr(protocol, "_start_asgi_task", None), "__code__", None)
    return start is not None and start.co_varnames[: start.co_argcount] == _START_PARAMETERS
