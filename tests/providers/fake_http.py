"""A provider in the place of the HTTP one, for tests in which nothing may be sent."""

from collections.abc import AsyncGenerator

from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.errors import UpstreamUnavailable
from domain.routing.fleet import Deployment


class NeverHttp:
    """Fails whoever asks it."""

    def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        raise UpstreamUnavailable("asked over http")
