"""Who counts the tokens of requests."""

from typing import Protocol

from application.chat_call import ChatCall
from domain.routing.fleet import Deployment


class TokenCounter(Protocol):
    """Has requests counted by those who would answer them."""

    async def count(self, deployment: Deployment, call: ChatCall) -> int | None:
        """The prompt tokens of `call` as the deployment's upstream counts them; None where it counts nowhere.

        Raises RequestErrors where the request cannot be told to it, UpstreamErrors where it does not count.
        """
        ...
