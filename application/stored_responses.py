"""The use case: read, list, cancel or delete a response that an upstream keeps."""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from application.ports.response_store import ResponseStore, StoredAnswer, StoredCall
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.routing.fleet import Deployment, Fleet, ready

_PATH: Final = re.compile(r"[A-Za-z0-9_-]{1,256}(/input_items|/cancel)?")
"""An id that means nothing else in a URL, and what may follow it."""
_METHODS: Final = MappingProxyType({None: ("GET", "DELETE"), "/input_items": ("GET",), "/cancel": ("POST",)})
_CURE: Final = "name the model that gave it: header x-feathergate-model, or ?model=…"


class StoredResponses:
    """Forwards calls about stored responses. Ids mean something to one account, and nothing is stored here.

    The account is that of the group the caller names, else the only one that keeps responses.
    """

    def __init__(self, fleet: Fleet, store: ResponseStore) -> None:
        self._fleet = fleet
        self._store = store

    async def run(self, call: StoredCall) -> StoredAnswer:
        """The upstream's answer, as it is.

        Raises MalformedRequest where the path is none or the account cannot be told, UnknownModel, NotConfigured,
        UnsupportedFeature where nobody keeps responses, and UpstreamErrors.
        """
        _check(call)
        return await self._store.open(self._deployment(call.group), call)

    def _deployment(self, group: str | None) -> Deployment:
        """Any deployment of the account that is meant: all of them find what it keeps."""
        if group is None:
            members: Iterable[Deployment] = (d for group in self._fleet.groups.values() for d in group)
            found = [d for d in members if d.unready is None and self._store.keeps(d)]
            whose = "the configured models"
        else:
            found = [d for d in ready(self._fleet.deployments(group)) if self._store.keeps(d)]
            whose = f"model {group!r}"
        if not found:
            raise UnsupportedFeature(
                f"expected a model whose upstream keeps responses; {whose} are reached by other APIs. Ask again "
                "with the whole conversation instead of an id."
            )
        if len({deployment.account for deployment in found}) > 1:
            raise MalformedRequest(
                f"expected one account that may keep the response; {whose} are spread over several. "
                f"{'Give the model deployments of one account' if group else _CURE.capitalize()}.",
                param="model",
            )
        return found[0]


def _check(call: StoredCall) -> None:
    """Raise MalformedRequest where method and path are not of the API, so that nothing else is reached by it."""
    path = _PATH.fullmatch(call.suffix)
    if path is None:
        raise MalformedRequest(
            "expected /v1/responses/{id}, …/input_items or …/cancel, the id being of letters, digits, _ and -; "
            "got another path.",
            param="response_id",
        )
    allowed = _METHODS[path[1]]
    if call.method not in allowed:
        raise MalformedRequest(f"expected {' or '.join(allowed)} of this path; got {call.method}.")
