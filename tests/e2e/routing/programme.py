"""What is played for the page of outcomes: the acts, each with a gateway of its own, all at the same time."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.routing.cells import Cell, cells, configuration, rehearse
from tests.e2e.routing.performance import perform
from tests.e2e.routing.recovery import Recovery, recover, recovery_configuration
from tests.e2e.routing.scenarios import GUARDED, LENIENT, SCENARIOS, Scenario
from tests.e2e.routing.verdicts import Seen
from tests.e2e.scripted_upstream import refusing_port, running_upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Scenarios under one configuration; `title` completes the heading of their table."""

    prefix: str
    title: str
    scenarios: Sequence[Scenario]
    routing: Mapping[str, Any] = field(default_factory=dict)

    def cells(self) -> tuple[Cell, ...]:
        return cells(self.scenarios, self.prefix)


ACTS = (
    Act(prefix="c", title="", scenarios=SCENARIOS),
    Act(
        prefix="g",
        title=", held back as a whole (`stream_guard: full`)",
        scenarios=GUARDED,
        routing={"stream_guard": "full"},
    ),
    Act(
        prefix="s",
        title=", bad frames skipped (`stream_bad_frame: skip`)",
        scenarios=LENIENT,
        routing={"stream_bad_frame": "skip"},
    ),
)


async def play_all(folder: Path) -> tuple[list[list[Seen]], list[Recovery]]:
    """What was seen of each act, and of the recoveries; `folder` is for configurations."""
    with ExitStack() as stack:
        stage = Stage(stack, folder)
        prepared = [(stage.gateway(act), act.cells()) for act in ACTS]
        recovering = stage.recovering()
        acts = (perform(gateway, stage.upstream, asked) for gateway, asked in prepared)
        seen, recovered = await asyncio.gather(asyncio.gather(*acts), recover(recovering, stage.upstream))
        gateways = (*(gateway for gateway, _ in prepared), recovering)
        assert not [gateway.output for gateway in gateways if "Traceback" in gateway.output]
    return seen, recovered


class Stage:
    """The upstream and the gateways, which run until the block of `stack` ends."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        self.upstream = stack.enter_context(running_upstream())
        self._refusing = f"http://127.0.0.1:{stack.enter_context(refusing_port())}"

    def gateway(self, act: Act) -> Gateway:
        """A gateway for the act's cells."""
        asked = act.cells()
        rehearse(self.upstream, asked)
        return self._running(act.prefix, configuration(asked, self.upstream.base, self._refusing, act.routing))

    def recovering(self) -> Gateway:
        """A gateway for what goes down and comes back."""
        return self._running("recovering", recovery_configuration(self.upstream))

    def _running(self, name: str, config: str) -> Gateway:
        place = self._folder / name
        place.mkdir()
        return self._stack.enter_context(running_gateway(config, place))
