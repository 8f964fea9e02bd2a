"""Providers: every deployment answered by whom it is meant for."""

from collections.abc import AsyncGenerator, Mapping

from adapters.providers.echo.chat import EchoProvider
from adapters.providers.mock import mocked
from application.chat_call import ChatCall
from application.ports.chat_provider import ChatProvider, Piece
from domain.routing.fleet import Deployment


class Providers:
    """The ChatProvider of the whole fleet.

    A mock, of the call or of the deployment (`mocks`: id → answer), answers first; what has a route (`http`)
    is reached over HTTP; echo answers the rest.
    """

    def __init__(
        self, http: ChatProvider, echo: EchoProvider, *, routed: frozenset[str], mocks: Mapping[str, str]
    ) -> None:
        self._http = http
        self._echo = echo
        self._routed = routed
        self._mocks = mocks

    def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        mock = self._mocks.get(deployment.id) if call.mock_response is None else call.mock_response
        if mock is not None:
            return self._echo.play(mocked(mock, call.document.canonical()), deployment, call)
        if deployment.id in self._routed:
            return self._http.open(deployment, call)
        return self._echo.open(deployment, call)
