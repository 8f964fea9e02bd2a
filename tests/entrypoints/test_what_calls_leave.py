"""However a call ends, nothing of it is left for the garbage collector."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FrameType
from typing import Final

import pytest
import uvicorn

import adapters
from adapters.config.loading import load_mapping
from adapters.http.wire import wire_to
from entrypoints.container import Container, close_container
from entrypoints.library import quiet_container
from tests.http.both_servers import ANSWER, DONE, FRAME, FRAMES
from tests.http.http_client import Connection, request_bytes
from tests.upstream.scripted_server import (
    Script,
    ScriptedServer,
    answer,
    chunked_answer,
    sends,
    sends_and_closes,
    sends_and_resets,
    sends_and_stalls,
    serving,
)

_LAYERS: Final = ("adapters", "application", "domain", "entrypoints")
_FILES: Final = tuple(str(Path(adapters.__file__).parents[1] / layer) for layer in _LAYERS)
_JSON: Final = b"content-type: application/json\r\n"
_EVENTS: Final = b"content-type: text/event-stream\r\n"
_REFUSAL: Final = b'{"error":{"message":"no","type":"server_error"}}'
_ERROR_FRAME: Final = b"data: " + _REFUSAL + b"\n\n"
_BAD_FRAME: Final = b"data: {bad\n\n"


def _stream(*frames: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return chunked_answer(*frames, last=last, headers=_EVENTS)


_BUFFERED: Final = {
    "answered": sends(answer(ANSWER, headers=_JSON)),
    "failed": sends(answer(_REFUSAL, status="500 No", headers=_JSON)),
    "refused": sends(answer(_REFUSAL, status="400 No", headers=_JSON)),
    "no JSON": sends(answer(b"{bad", headers=_JSON)),
    "empty": sends(answer(b"", headers=_JSON)),
    "cut": sends_and_resets(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "closed": sends_and_closes(b""),
    "no HTTP": sends_and_closes(b"bad\r\n\r\n"),
}
_STREAMED: Final = {
    "answered": sends(_stream(FRAMES)),
    "reset midway": sends_and_resets(_stream(FRAME, last=b"")),
    "closed midway": sends_and_closes(_stream(FRAME, last=b"")),
    "broken chunks": sends_and_closes(_stream(FRAME, last=b"zz\r\n")),
    "error midway": sends(_stream(FRAME, _ERROR_FRAME)),
    "bad frame midway": sends(_stream(FRAME, _BAD_FRAME)),
    "unfinished": sends(_stream(FRAME)),
    "finished by half": sends(_stream(FRAME, DONE)),
    "bad first frame": sends(_stream(_BAD_FRAME)),
    "error first": sends(_stream(_ERROR_FRAME)),
    "empty": sends(_stream()),
    "failed": sends(answer(_REFUSAL, status="500 No", headers=_JSON)),
}
_LEFT: Final = {
    "before the answer": (False, sends_and_stalls(b"")),
    "before the stream": (True, sends_and_stalls(b"")),
    "in the stream": (True, sends_and_stalls(_stream(FRAME, last=b""))),
}


class Stage:
    """A gateway in this process, and its upstream."""

    def __init__(self, container: Container, upstream: ScriptedServer, port: int) -> None:
        self.upstream = upstream
        self._container = container
        self._port = port
        self._asked = 0

    async def ask(self, path: str, model: str, script: Script, *, stream: bool, leaves: bool = False) -> None:
        """One call, from its connection's beginning to its end."""
        self.upstream.plays(script)
        asked = {
            "model": model,
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "hi"}],
            "stream": stream,
        }
        sent = request_bytes("POST", path, body=json.dumps(asked).encode(), headers={"connection": "close"})
        async with asyncio.timeout(5), await Connection.open(self._port) as client:
            await client.send(sent)
            if leaves:
                await self.upstream.until(lambda it: bool(it.exchanges))
                client.leave()
            else:
                assert await client.reader.read()

        counts = self._container.counts()
        await until(lambda: not counts.in_flight)
        self._asked += 1
        assert counts.successful + counts.failed == self._asked  # until somebody asks for these, calls wait there

    async def twice(self, calls: Sequence[tuple[str, str]]) -> AsyncIterator[tuple[str, str]]:
        """`calls`, for the caches, and again: then nothing of ours may stay that was not there before."""
        for call in calls:
            yield call
        with nobody_collects():
            for call in calls:
                yield call
            try:
                await until(lambda: not _ours())
            except TimeoutError:
                pytest.fail(f"of a call there is left: {_ours()}")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the ends of calls and connections are told by nobody
            await asyncio.sleep(0.001)


def _ours() -> list[str]:
    return [name for one in gc.get_objects() if (name := _name_of_ours(one))]


def _name_of_ours(one: object) -> str:
    match one:
        case AsyncGeneratorType():
            code = one.ag_code
        case CoroutineType():
            code = one.cr_code
        case FrameType():
            code = one.f_code
        case _:
            kind = type(one)
            name = f"{kind.__module__}.{kind.__qualname__}"
            return name if name.partition(".")[0] in _LAYERS else ""
    return code.co_qualname if code.co_filename.startswith(_FILES) else ""


@asynccontextmanager
async def staged(door: str) -> AsyncIterator[Stage]:
    async with serving(sends(b"")) as upstream:
        given = {"model": "hosted_vllm/m", "api_key": "k", "api_base": f"http://127.0.0.1:{upstream.port}"}
        models = [{"model_name": name, "litellm_params": given} for name in ("alone", "replaced")]
        routing = {"num_retries": 0, "disable_cooldowns": True, "fallbacks": [{"replaced": ["alone"]}]}
        config = {"model_list": models, "router_settings": routing}
        container = quiet_container(load_mapping(config, {}), log_level="critical")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            protocol = wire_to(container.data_plane()) if door == "wire" else "auto"
            serving_config = uvicorn.Config(container.app(), http=protocol, log_config=None, ws="none")
            serving_config.load()
            server = uvicorn.Server(serving_config)
            server.lifespan = serving_config.lifespan_class(serving_config)
            await server.startup([listener])
            try:
                yield Stage(container, upstream, listener.getsockname()[1])
            finally:
                await server.shutdown([listener])
                await close_container(container)


@contextmanager
def nobody_collects() -> Iterator[None]:
    """What is alive before is not looked at, and what comes is not collected."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def scripts() -> Iterator[tuple[str, bool, Script]]:
    yield from ((f"{name}, buffered", False, script) for name, script in _BUFFERED.items())
    yield from ((f"{name}, streamed", True, script) for name, script in _STREAMED.items())


@pytest.mark.parametrize(("stream", "script"), [row[1:] for row in scripts()], ids=[row[0] for row in scripts()])
async def test_of_a_call_that_ended_nothing_is_left(stream: bool, script: Script) -> None:
    """Passed through, translated, and with another model in place of the first."""
    calls = (
        ("/v1/chat/completions", "alone"),
        ("/v1/messages", "alone"),
        ("/v1/chat/completions", "replaced"),
    )
    async with staged("wire") as stage:
        async for path, model in stage.twice(calls):
            await stage.ask(path, model, script, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
async def test_nor_where_quart_is_between(stream: bool) -> None:
    async with staged("lane") as stage:
        for script in (_STREAMED if stream else _BUFFERED).values():
            async for path, model in stage.twice([("/v1/chat/completions", "alone")]):
                await stage.ask(path, model, script, stream=stream)


@pytest.mark.parametrize("door", ["wire", "lane"])
@pytest.mark.parametrize(("stream", "script"), [*_LEFT.values()], ids=[*_LEFT])
async def test_of_a_call_whose_client_left_nothing_is_left(door: str, stream: bool, script: Script) -> None:
    calls = (("/v1/chat/completions", "alone"), ("/v1/messages", "alone"))
    async with staged(door) as stage:
        async for path, model in stage.twice(calls):
            await stage.ask(path, model, script, stream=stream, leaves=True)


async def test_of_a_call_that_nobody_could_answer_nothing_is_left() -> None:
    async with staged("wire") as stage:
        async for path, model in stage.twice([("/v1/chat/completions", "unknown")]):
            await stage.ask(path, model, sends(b""), stream=True)
