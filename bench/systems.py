"""What is compared: the bare upstream, nginx, FeatherGate, litellm, Portkey; where each takes which chat."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import dialects
from bench.dialects import Chat, Dialect, Request
from bench.processes import LOAD_CORE, NotUp, Process, Program, running

BENCH: Final = Path(__file__).resolve().parent
BUILD: Final = BENCH.parent / "build" / "bench"
LOGS: Final = BUILD / "logs"
GATEWAY_PYTHON: Final = BUILD / "feathergate" / "bin" / "python"
LITELLM_PYTHON: Final = BUILD / "litellm" / "bin" / "python"
PORTKEY_SCRIPT: Final = (
    BUILD / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
)

DIRECT: Final = "direct"
NGINX: Final = "nginx proxy_pass"
FEATHERGATE: Final = "FeatherGate"
LITELLM: Final = "litellm"
PORTKEY: Final = "Portkey"

STREAM_PORTS: Final = (9602, 9603)
_VENDOR_PORTS: Final = (9600, 9601)
_GATEWAY_PORT: Final = 9610
_PROXY_PORT, _STREAM_PROXY_PORT = 9611, 9614
_LITELLM_PORT, _PORTKEY_PORT = 9612, 9613
_VENDORS: Final[Mapping[Dialect, str]] = {Dialect.CHAT: "openai", Dialect.MESSAGES: "anthropic"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Who asks in which dialect, and which one the vendor speaks."""

    client: Dialect
    upstream: Dialect

    def __str__(self) -> str:
        return f"{self.client} ← {self.upstream}"

    @property
    def passes_through(self) -> bool:
        return self.client is self.upstream


PAIRS: Final = tuple(Pair(client, upstream) for client in Dialect for upstream in Dialect)
CHAT_PAIR: Final = Pair(Dialect.CHAT, Dialect.CHAT)
CHAT_TO_MESSAGES: Final = Pair(Dialect.CHAT, Dialect.MESSAGES)
CHAT_TO_GEMINI: Final = Pair(Dialect.CHAT, Dialect.GEMINI)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One of the compared. `process` None = no process stands between load and upstream.

    ask: the request for a chat, or None where the system does not take that pair.
    """

    name: str
    ask: Callable[[Pair, Chat], Request | None]
    process: Process | None = None
    program: Program | None = None


def programs() -> Mapping[str, Program]:
    """How each system that is installed is started."""
    found = {NGINX: _nginx("proxy", _PROXY_PORT), FEATHERGATE: feathergate(LOGS / "feathergate.log")}
    if LITELLM_PYTHON.exists():
        found[LITELLM] = _litellm()
    if PORTKEY_SCRIPT.exists() and shutil.which("node"):
        found[PORTKEY] = _portkey()
    return found


def feathergate(log: Path) -> Program:
    """The gateway from its own environment, which holds what it needs to run and nothing else."""
    config = str(BENCH / "conf" / "feathergate.yaml")
    return Program(
        command=(str(GATEWAY_PYTHON), "-m", "entrypoints", "--config", config, "--port", str(_GATEWAY_PORT)),
        port=_GATEWAY_PORT,
        log=log,
        environment=_without("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
        folder=BENCH.parent,
    )


@contextmanager
def upstreams() -> Iterator[None]:
    """The vendors: nginx for whole answers, our own server for streams. Raises NotUp."""
    ports = map(str, STREAM_PORTS)
    mock = Program(
        command=(str(GATEWAY_PYTHON), "-m", "bench.mock.server", *ports),
        port=STREAM_PORTS[0],
        log=LOGS / "mock.log",
        core=LOAD_CORE,
        folder=BENCH.parent,
    )
    with running(_nginx("upstream", _VENDOR_PORTS[0], core=LOAD_CORE)), running(mock):
        yield


@contextmanager
def systems() -> Iterator[tuple[list[System], list[str]]]:
    """Everything that starts, the bare upstream first, and a line for each that does not."""
    asks = {NGINX: _ask_nginx, FEATHERGATE: ask_feathergate, LITELLM: _ask_litellm, PORTKEY: _ask_portkey}
    found, absent = [System(name=DIRECT, ask=_ask_directly)], []
    with ExitStack() as stack:
        available = programs()
        for name, ask in asks.items():
            if name not in available:
                absent.append(f"{name}: not installed")
                continue
            try:
                process = stack.enter_context(running(available[name]))
            except NotUp as failed:
                absent.append(f"{name}: {failed}")
                continue
            found.append(System(name=name, ask=ask, process=process, program=available[name]))
        yield found, absent


def _nginx(name: str, port: int, core: int = 0) -> Program:
    folder = BUILD / "nginx"
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    config = str(BENCH / "conf" / f"{name}.nginx.conf")
    command = ("nginx", "-p", f"{folder}/", "-e", "stderr", "-c", config)
    return Program(command=command, port=port, log=LOGS / f"nginx-{name}.log", core=core)


def _litellm() -> Program:
    command = str(LITELLM_PYTHON.with_name("litellm"))
    config = str(BENCH / "conf" / "litellm.yaml")
    return Program(
        command=(command, "--config", config, "--host", "127.0.0.1", "--port", str(_LITELLM_PORT)),
        port=_LITELLM_PORT,
        log=LOGS / "litellm.log",
        environment={
            **_without("DATABASE_URL"),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "LITELLM_MODE": "PRODUCTION",
        },
        folder=BUILD,
    )


def _portkey() -> Program:
    command = ("node", str(PORTKEY_SCRIPT), "--headless", f"--port={_PORTKEY_PORT}")
    environment = {**_without(), "NODE_ENV": "production"}
    return Program(command=command, port=_PORTKEY_PORT, log=LOGS / "portkey.log", environment=environment)


def _without(*names: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in names}


def _request(port: int, client: Dialect, model: str, chat: Chat, **further: str) -> Request:
    return Request(
        port=port,
        path=dialects.path(client, model, chat),
        headers={**dialects.headers(client), **further},
        body=dialects.body(client, model, chat),
    )


def _ask_directly(pair: Pair, chat: Chat) -> Request | None:
    if not pair.passes_through:
        return None
    return _request(STREAM_PORTS[0] if chat.stream else _VENDOR_PORTS[0], pair.client, "bench", chat)


def _ask_nginx(pair: Pair, chat: Chat) -> Request | None:
    if not pair.passes_through:
        return None
    return _request(_STREAM_PROXY_PORT if chat.stream else _PROXY_PORT, pair.client, "bench", chat)


def ask_feathergate(pair: Pair, chat: Chat) -> Request:
    """FeatherGate takes every pair."""
    return _request(_GATEWAY_PORT, pair.client, _model(pair, chat), chat)


def _ask_litellm(pair: Pair, chat: Chat) -> Request | None:
    """The pairs that both sides of the comparison are known for."""
    if pair.client is not Dialect.CHAT or pair.upstream is Dialect.RESPONSES:
        return None
    if chat.stream and pair.upstream is Dialect.GEMINI:
        return None
    return _request(_LITELLM_PORT, pair.client, _model(pair, chat), chat)


def _ask_portkey(pair: Pair, chat: Chat) -> Request | None:
    if pair.client is not Dialect.CHAT or pair.upstream not in _VENDORS:
        return None
    ports = STREAM_PORTS if chat.stream else _VENDOR_PORTS
    targets = [
        {"provider": _VENDORS[pair.upstream], "api_key": "sk-up", "custom_host": f"http://127.0.0.1:{port}/v1"}
        for port in ports
    ]
    config = json.dumps({"strategy": {"mode": "loadbalance"}, "targets": targets})
    model = "gpt-4o-mini" if pair.upstream is Dialect.CHAT else "claude-sonnet-4-5"
    return _request(_PORTKEY_PORT, pair.client, model, chat, **{"x-portkey-config": config})


def _model(pair: Pair, chat: Chat) -> str:
    return f"{pair.upstream}-stream" if chat.stream else str(pair.upstream)
