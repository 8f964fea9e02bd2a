"""One soak: a gateway in a process of its own, the vendors, the traffic, and a look at the gateway all along."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.gateway import Gateway, running_program
from tests.e2e.scripted_upstream import ScriptedUpstream, running_upstream
from tests.soak import fleet
from tests.soak.caller import Caller
from tests.soak.measures import Gauge, Rest
from tests.soak.report import Bounds, Report
from tests.soak.traffic import Traffic

_UPSTREAMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much traffic for how long, the warm-up included; each so many seconds the gateway is looked at.

    flat_from_s: from when on memory is to be flat.
    rest_s:      how long the gateway may take to come to rest: longer than servers keep idle connections.
    program:     the module that starts the gateway, and arguments of its own.
    behaviours:  what the vendors' models do.
    """

    seconds: float = 600.0
    rate: float = 150.0
    warm_up_s: float = 60.0
    flat_from_s: float = 120.0
    look_every_s: float = 5.0
    rest_s: float = 90.0
    server: str = "uvicorn"
    seed: int = 0
    bounds: Bounds = field(default_factory=Bounds)
    program: tuple[str, ...] = ("tests.soak.inspected_gateway",)
    behaviours: Mapping[str, fleet.Behaviour] = field(default_factory=lambda: fleet.BEHAVIOURS)


async def soak(plan: Plan, folder: Path) -> Report:
    """Run the plan; `folder` is for the configuration and the window's socket."""
    with ExitStack() as stack:
        upstreams = [stack.enter_context(running_upstream()) for _ in range(_UPSTREAMS)]
        for upstream in upstreams:
            fleet.rehearse(upstream, plan.behaviours)
        gateway = stack.enter_context(_running(plan, upstreams, folder))
        port = int(gateway.base.rpartition(":")[2])
        gauge = Gauge(
            pid=gateway.pid,
            port=port,
            upstream_ports=tuple(upstream.port for upstream in upstreams),
            window=str(folder / "window"),
        )
        running = _Soak(plan, gauge, Caller(port), upstreams)
        try:
            await running.run()
        except OSError as failure:
            running.report.lost = f"{failure!r}; exit code {gateway.process.poll()}"
        running.report.tracebacks = gateway.output.count("Traceback")
    return running.report


class _Soak:
    """The stretches of a soak: each question once, the warm-up, a rest, the traffic, the end.

    Raises OSError where the gateway cannot be asked any more.
    """

    def __init__(self, plan: Plan, gauge: Gauge, caller: Caller, upstreams: list[ScriptedUpstream]) -> None:
        self._plan = plan
        self._gauge = gauge
        self._caller = caller
        self._upstreams = upstreams
        self._traffic = Traffic(caller, plan.rate, plan.seed)
        self.report = Report(bounds=plan.bounds, flat_from_s=plan.flat_from_s, tally=self._traffic.tally)
        self._idle_tasks = 0
        self._began_s = asyncio.get_running_loop().time()

    async def run(self) -> None:
        plan, report = self._plan, self.report
        self._idle_tasks = await self._gauge.tasks()
        over = asyncio.Event()
        looking = asyncio.create_task(self._look(over))
        try:
            await self._traffic.ask_every()
            await self._traffic.run(plan.warm_up_s)
            report.before = await self._rest()
            await self._traffic.run(plan.seconds - plan.warm_up_s)
        finally:
            over.set()
            await looking
        report.after = await self._rest()
        report.cpu_s = self._gauge.cpu_s()
        report.calls = fleet.calls_by_behaviour(self._upstreams)

    async def _rest(self) -> Rest:
        """Close every connection, the clients' and the vendors', and see what is left."""
        self._caller.leave()
        for upstream in self._upstreams:
            await asyncio.to_thread(upstream.kill)
        rest = await self._gauge.rest(self._plan.rest_s, self._idle_tasks)
        for upstream in self._upstreams:
            await asyncio.to_thread(upstream.revive)
        return rest

    async def _look(self, over: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._plan.look_every_s):
                    await over.wait()
            try:
                self.report.samples.append(await self._gauge.sample(loop.time() - self._began_s))
            except (OSError, EOFError) as failure:
                self.report.tally.note("look", 0, repr(failure))


@contextmanager
def _running(plan: Plan, upstreams: list[ScriptedUpstream], folder: Path) -> Iterator[Gateway]:
    """The gateway behind its window, until the block ends."""
    path = folder / "gateway.yaml"
    path.write_text(fleet.configuration([upstream.base for upstream in upstreams]), encoding="utf-8")
    serving = ("serve", "--config", str(path), "--port", "0", "--server", plan.server)
    program = (sys.executable, "-m", *plan.program, str(folder / "window"))
    with running_program((*program, *serving)) as gateway:
        yield gateway
