"""What a gateway holds: memory, descriptors, sockets, tasks, objects, calls in flight."""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.four_dialects import MASTER_KEY
from tests.http.http_client import Connection

_STATES = {"01": "established", "04": "fin-wait", "05": "fin-wait", "08": "close-wait", "0A": "listening"}
_LOOKS_AGAIN_S = 0.2
_IN_FLIGHT = re.compile(r"^feathergate_(?:requests|deployment)_in_flight(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A look at the gateway while it works. `upstream` counts its sockets towards the vendors, by state."""

    at_s: float
    memory_mb: float
    descriptors: int
    upstream: Mapping[str, int]
    clients: int
    tasks: int
    blocks: int
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left once nobody asks anything any more, by kind of object too."""

    descriptors: int
    sockets: int
    tasks: int
    blocks: int
    in_flight: int
    objects: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Measures one gateway. `window` is the Unix socket of the inspected process."""

    pid: int
    port: int
    upstream_ports: tuple[int, ...]
    window: str

    async def sample(self, at_s: float) -> Sample:
        """A look at it, while it works."""
        alive = await self._look(b"look")
        in_flight = await self.in_flight()
        towards = Counter(state for local, remote, state in self._sockets() if remote in self.upstream_ports)
        return Sample(
            at_s=at_s,
            memory_mb=self._memory_mb(),
            descriptors=len(self._descriptors()),
            upstream=towards,
            clients=sum(local == self.port for local, remote, state in self._sockets() if state != "listening"),
            tasks=alive["tasks"],
            blocks=alive["blocks"],
            in_flight=in_flight,
        )

    async def rest(self, patience_s: float, tasks: int) -> Rest:
        """What is left at rest: without sockets and calls, and with no more than so many tasks, if that comes in time."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + patience_s
        rest = await self._rest()
        while (rest.sockets or rest.in_flight or rest.tasks > tasks) and loop.time() < deadline_s:
            rest = await self._rest()
        return rest

    async def tasks(self) -> int:
        """How many tasks are not over."""
        return int((await self._look(b"look"))["tasks"])

    async def _rest(self) -> Rest:
        await self._look(b"collect")
        in_flight = await self.in_flight()
        await asyncio.sleep(_LOOKS_AGAIN_S)  # for what the collection and the end of this connection set off
        alive = await self._look(b"collect")
        return Rest(
            descriptors=len(self._descriptors()),
            sockets=sum(state != "listening" for _, _, state in self._sockets()),
            tasks=alive["tasks"],
            blocks=alive["blocks"],
            in_flight=in_flight,
            objects=alive["objects"],
        )

    async def in_flight(self) -> int:
        """The requests and the calls of deployments that the gateway believes to be under way."""
        headers = {"authorization": f"Bearer {MASTER_KEY}", "connection": "close"}
        async with await Connection.open(self.port) as connection:
            await connection.request("GET", "/metrics", headers=headers)
            page = (await connection.answer()).body.decode()
            await connection.reader.read()  # until the gateway has closed, too
        return int(sum(float(found) for found in _IN_FLIGHT.findall(page)))

    def cpu_s(self) -> float:
        """The CPU time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _look(self, how: bytes) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self.window)
        try:
            writer.write(how)
            alive: dict[str, Any] = json.loads(await reader.read())
        finally:
            writer.close()
        return alive

    def _memory_mb(self) -> float:
        """Resident memory, each shared page in parts, in 1,000,000 bytes."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6

    def _descriptors(self) -> list[str]:
        return [*_targets(Path(f"/proc/{self.pid}/fd"))]

    def _sockets(self) -> Iterator[tuple[int, int, str]]:
        """Local port, remote port and state of each of its TCP sockets."""
        own = {target[len("socket:[") : -1] for target in self._descriptors() if target.startswith("socket:[")}
        for line in Path(f"/proc/{self.pid}/net/tcp").read_text("ascii").splitlines()[1:]:
            _, local, remote, state, *rest = line.split()
            if rest[5] in own:
                yield _port(local), _port(remote), _STATES.get(state, state)


def _targets(folder: Path) -> Iterator[str]:
    for descriptor in folder.iterdir():
        try:
            yield str(descriptor.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
