"""Upstreams that are down for a while and come back: how long they are left alone, and how soon they answer again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from tests.e2e.canned.contents import Asked
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway
from tests.e2e.routing import speech
from tests.e2e.routing.cells import ALONE, WITH_SECOND, Cell
from tests.e2e.routing.formats import FORMATS, Refusal
from tests.e2e.routing.performance import log_lines
from tests.e2e.routing.raw_clients import CLIENTS, callers
from tests.e2e.routing.scenarios import FINE, Scenario
from tests.e2e.routing.speech import Speech
from tests.e2e.scripted_upstream import Act, ScriptedUpstream

ALLOWED_FAILS, COOLDOWN_S = 2, 3.0
"""What a deployment may do, and how long it is left alone after a failure too many."""
WHILE_DOWN = 5
_MARGIN_S = 3.0

_SCENARIO = Scenario("down", speech.good, FINE)
CELLS = tuple(
    Cell(
        name=f"{client}-{'streamed' if stream else 'buffered'}-{number}",
        scenario=_SCENARIO,
        shape=shape,
        stream=stream,
        client=client,
        upstream="chat",
    )
    for number, shape in enumerate((ALONE, WITH_SECOND))
    for client in CLIENTS
    for stream in (True, False)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What was seen: of the first request while the upstream is down, of the next ones, and when it is back."""

    cell: Cell
    at_first: str
    then: str
    back: str


class Mortal:
    """An upstream's script: away, until it is told that it is back."""

    def __init__(self, stream: bool) -> None:
        self.down = True
        self._words = Speech(FORMATS["chat"], stream)

    def __call__(self, _: Asked, __: int) -> Sequence[Act]:
        return self._words.refused(Refusal.AWAY) if self.down else self._words.good()


class Watcher:
    """Asks for one cell's group, and tells the calls that its questions led to."""

    def __init__(self, gateway: Gateway, upstream: ScriptedUpstream, http: httpx.AsyncClient, cell: Cell) -> None:
        self._gateway, self._upstream, self._http = gateway, upstream, http
        self.cell = cell
        self.mortal = Mortal(cell.stream)
        upstream.scripts.update({**dict(cell.scripts()), cell.first: self.mortal})

    @property
    def calls(self) -> int:
        """Of the deployment that is down, so far."""
        return self._upstream.calls[self.cell.first]

    async def ask(self) -> str:
        """Who answered, or the status and the class of the error."""
        client = CLIENTS[self.cell.client]
        answer, said = await client.ask(self._http, self.cell.name, stream=self.cell.stream)
        if said.error is None:
            return "answered by the " + answer.headers["x-litellm-model-id"].removeprefix(f"{self.cell.name}-")
        request_id = answer.headers["x-request-id"]
        line = (await log_lines(self._gateway, [request_id]))[request_id]
        return f"{503 if answer.status_code == 529 else answer.status_code} `{line['error']}`"

    async def counted(self, questions: int) -> str:
        """So many questions, one after the other."""
        before = self.calls
        told = dict.fromkeys([await self.ask() for _ in range(questions)])
        return f"{', '.join(told)}; {self.calls - before}"

    async def recovery(self) -> Recovery:
        """Watch it being down, and have it come back."""
        at_first, then = await self.counted(1), await self.counted(WHILE_DOWN)
        self.mortal.down = False
        loop, before = asyncio.get_running_loop(), self.calls
        back_s = loop.time()
        while await self.ask() != "answered by the first":
            assert loop.time() - back_s < COOLDOWN_S + _MARGIN_S, "it stays left alone although it is back"
            await asyncio.sleep(0.25)
        back = f"answered by the first, within one cooldown; {self.calls - before}"
        return Recovery(cell=self.cell, at_first=at_first, then=then, back=back)


def recovery_configuration(upstream: ScriptedUpstream) -> str:
    """The configuration of a gateway for `recover`."""
    config = {
        "model_list": [entry for cell in CELLS for entry in cell.deployments(upstream.base, "")],
        "router_settings": {"allowed_fails": ALLOWED_FAILS, "cooldown_time": COOLDOWN_S},
        "general_settings": {"master_key": MASTER_KEY},
        "feathergate": {"log_format": "json"},
    }
    return json.dumps(config)


async def recover(gateway: Gateway, upstream: ScriptedUpstream) -> list[Recovery]:
    """Every cell's deployment goes down and comes back, alone and with a second."""
    async with callers(gateway) as clients:
        watchers = [Watcher(gateway, upstream, clients[0], cell) for cell in CELLS]
        return list(await asyncio.gather(*(watcher.recovery() for watcher in watchers)))
