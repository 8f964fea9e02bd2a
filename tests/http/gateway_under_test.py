"""The whole inbound side over a scripted provider, and the two servers to run it on."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import uvicorn
from hypercorn.asyncio import serve as serve_hypercorn
from hypercorn.config import Config as HypercornConfig
from quart import Quart

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.http.access import AccessPolicy
from adapters.http.answer_heads import AnswerHeads
from adapters.http.answering import ChatAnswering
from adapters.http.app import create_app
from adapters.http.chat_handlers import ChatHandlers
from adapters.http.control_plane import ControlPlane
from adapters.http.data_plane import DataPlane
from adapters.http.drain import Drain
from adapters.http.further_handlers import FurtherHandlers
from adapters.http.health import health_blueprint
from adapters.http.lane import lane_to
from adapters.http.metrics import metrics_blueprint
from adapters.http.model_routes import ClientDialects, model_routes
from adapters.http.models import models_blueprint
from adapters.http.reception import Reception
from adapters.http.stored_responses import stored_responses_blueprint
from adapters.http.task_runner import TaskRunner
from adapters.http.wire import wire_to
from adapters.providers.echo.embeddings import EchoEmbedder
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.count_tokens import CountTokens
from application.embed import Embed
from application.list_models import ListModels
from application.ports.chat_provider import Piece
from application.ports.response_store import ResponseStore, StoredAnswer, StoredCall
from application.stored_responses import StoredResponses
from domain.models.profile import ModelProfile
from domain.pricing.price import Price
from domain.routing.fleet import Deployment, Fleet
from domain.routing.policy import RoutingPolicy
from tests.application.routed import BILLING, ONE_TRY, answer_chat_over, attempts_over, courses_over
from tests.http.http_client import Answer, Connection

Script = Callable[[ChatCall], AsyncGenerator[Piece, None]]
MAX_BODY_BYTES = 100_000
DIALECTS = ClientDialects(
    chat=OpenAIChat(),
    completions=OpenAICompletions(OpenAIChat()),
    responses=OpenAIResponses(),
    messages=AnthropicMessages(),
    gemini=Gemini(),
)


class LoopClock:
    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def unix_s(self) -> float:
        return 1_700_000_000.0


class ScriptedProvider:
    """Answers by the script of the deployment's model; knows what is open."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.calls: list[ChatCall] = []
        self.opened = asyncio.Event()
        self.closed = asyncio.Event()

    async def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        self.calls.append(call)
        self.opened.set()
        pieces = self.scripts[deployment.model](call)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()
            self.closed.set()


PRICE = Price(input_usd=1e-6, output_usd=2e-6)


class NoCounter:
    """The counter of upstreams that count nowhere."""

    async def count(self, deployment: Deployment, call: ChatCall) -> int | None:
        return None


class NothingKept:
    """The store of upstreams that keep nothing."""

    def keeps(self, deployment: Deployment) -> bool:
        return False

    async def open(self, deployment: Deployment, call: StoredCall) -> StoredAnswer:
        raise AssertionError("expected not to be asked")


@dataclass
class Books:
    """What was booked and logged."""

    open: int = 0
    records: list[CallRecord] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    booked: asyncio.Event = field(default_factory=asyncio.Event)

    def opened(self) -> None:
        self.open += 1

    def book(self, record: CallRecord) -> None:
        self.open -= 1
        self.records.append(record)
        self.booked.set()

    def request(self, method: str, path: str, *, status: int, duration_s: float, request_id: str) -> None:
        assert duration_s >= 0
        assert request_id
        self.requests.append((method, path, status))


@dataclass
class Gateway:
    app: Quart
    provider: ScriptedProvider
    books: Books
    drain: Drain
    tasks: TaskRunner
    plane: DataPlane
    body_idle_s: float = 60.0
    port: int = 0

    async def connect(self) -> Connection:
        return await Connection.open(self.port)

    async def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        async with asyncio.timeout(5), await self.connect() as connection:
            await connection.request(method, path, body=body, headers=headers)
            return await connection.answer(method=method)


def build_gateway(
    scripts: Mapping[str, Script],
    *,
    access: AccessPolicy | None = None,
    keep_alive_s: float = 10.0,
    body_idle_s: float = 60.0,
    metrics_need_key: bool = True,
    response_store: ResponseStore | None = None,
    policy: RoutingPolicy = ONE_TRY,
) -> Gateway:
    deployments = [
        Deployment(id=f"id-{name}", group=name, provider="scripted", model=name, price=PRICE) for name in scripts
    ] + [Deployment(id="id-off", group="off", provider="scripted", model="off", unready="set OFF_API_KEY")]
    fleet = Fleet.of(deployments)
    clock, tasks, drain, books = LoopClock(), TaskRunner(), Drain(), Books()
    access = access or AccessPolicy()
    provider = ScriptedProvider(scripts)
    attempts = attempts_over(fleet, clock, policy)
    answer_chat = answer_chat_over(attempts, provider)
    answering = ChatAnswering(answer_chat, AnswerHeads(clock), tasks=tasks, keep_alive_s=keep_alive_s)
    count_tokens = CountTokens(
        attempts, courses_over(attempts), NoCounter(), clock, lambda deployment: deployment.provider
    )
    embed = Embed(attempts, EchoEmbedder(), clock, BILLING.price_of)
    reception = Reception(access, max_body_bytes=MAX_BODY_BYTES)
    further = FurtherHandlers.of(reception, AnswerHeads(clock), clock, count_tokens=count_tokens, embed=embed)
    plane = DataPlane(
        routes=model_routes(DIALECTS, ChatHandlers.of(reception, answering, clock), further),
        access=access,
        drain=drain,
        ledger=books,
        log=books,
        clock=clock,
        tasks=tasks,
    )
    control = ControlPlane(
        access=access,
        dialects=DIALECTS.by_kind(),
        log=books,
        clock=clock,
        metrics_need_key=metrics_need_key,
    )
    app = create_app(
        lane_to(plane, tasks, body_idle_s=body_idle_s),
        control,
        blueprints=(
            models_blueprint(
                ListModels(
                    fleet, lambda _: (), lambda _: ModelProfile(context_tokens=1_000, max_output_tokens=100)
                )
            ),
            stored_responses_blueprint(
                StoredResponses(fleet, response_store or NothingKept()), DIALECTS.responses
            ),
            health_blueprint(fleet, drain, version="0.0"),
            metrics_blueprint(metrics_page),
        ),
        max_body_bytes=MAX_BODY_BYTES,
    )
    return Gateway(app, provider, books, drain, tasks, plane, body_idle_s)


async def metrics_page(accept: str) -> tuple[str, bytes]:
    return "text/plain; version=0.0.4", f"accept {accept}\n".encode()


@asynccontextmanager
async def served(gateway: Gateway, server: str) -> AsyncIterator[Gateway]:
    """`gateway` on a loopback port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    gateway.port = listener.getsockname()[1]
    stop = asyncio.Event()
    match server:
        case "wire":
            protocol = wire_to(gateway.plane, body_idle_s=gateway.body_idle_s)
            serving = _run_uvicorn(gateway.app, listener, stop.wait, protocol)
        case "uvicorn":
            serving = _run_uvicorn(gateway.app, listener, stop.wait)
        case _:
            serving = _run_hypercorn(gateway.app, listener, stop.wait)
    task = asyncio.get_running_loop().create_task(serving)
    try:
        yield gateway
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def _run_uvicorn(
    app: Quart,
    listener: socket.socket,
    stopped: Callable[[], Awaitable[Any]],
    protocol: type[asyncio.Protocol] | Literal["auto"] = "auto",
) -> None:
    config = uvicorn.Config(
        app, http=protocol, log_config=None, access_log=False, timeout_graceful_shutdown=1, ws="none"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])  # `serve` is this with signals, and a clock that ticks ten times a second
    await stopped()
    await server.shutdown([listener])


async def _run_hypercorn(app: Quart, listener: socket.socket, stopped: Callable[[], Awaitable[Any]]) -> None:
    config = HypercornConfig()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 0.2
    config.shutdown_timeout = 1
    config.errorlog = logging.getLogger("hypercorn.error")
    await serve_hypercorn(app, config, shutdown_trigger=stopped)
