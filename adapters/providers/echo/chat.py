"""Echo as a ChatProvider: a script, told piece by piece."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from adapters.providers.echo.answer import tell
from adapters.providers.echo.script import Script, read_script
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.routing.fleet import Deployment


class EchoProvider:
    """Answers without any upstream. `sleep` waits that many seconds; tests hand in one that does not."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep

    def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """What the model's name and the prompt ask for."""
        return self.play(read_script(deployment.model, call.document.canonical()), deployment, call)

    async def play(self, script: Script, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """The answer that `script` asks for: a piece for each word, or one for all where it is not streamed."""
        gathered: list[StreamEvent] = []
        for event in tell(script, model=deployment.model, request_id=call.request_id):
            if script.delay_s and isinstance(event, (ev.TextDelta, ev.ReasoningDelta, ev.ToolArgumentsDelta)):
                await self._sleep(script.delay_s)
            if call.stream:
                yield Piece(None, (event,))
            elif isinstance(event, ev.Failed):
                raise event.error
            else:
                gathered.append(event)
        if gathered:
            yield Piece(None, tuple(gathered))
