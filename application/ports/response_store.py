"""Where an upstream keeps the responses that it gave."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.routing.fleet import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call about a response that an upstream keeps (`/v1/responses/{id}` and below).

    suffix:  the path after `/responses/`: the id, and possibly `/input_items` or `/cancel`.
    query:   the client's query for the upstream, encoded.
    group:   the model group that the caller named, if any.
    headers: the client's headers that may travel upstream, lower-case names.
    """

    method: str
    suffix: str
    query: str = ""
    body: bytes = field(default=b"", repr=False)
    group: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class StoredAnswer(Protocol):
    """What the upstream answered; always a success. `headers` are those the client may see, lower-case names."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises UpstreamErrors where it breaks."""
        ...

    async def aclose(self) -> None:
        """Close the upstream. Idempotent."""
        ...


class ResponseStore(Protocol):
    """Reaches what upstreams keep."""

    def keeps(self, deployment: Deployment) -> bool:
        """Whether the deployment's upstream speaks the API whose responses are kept."""
        ...

    async def open(self, deployment: Deployment, call: StoredCall) -> StoredAnswer:
        """The upstream's answer. Raises UpstreamErrors, the upstream's own refusal among them."""
        ...
