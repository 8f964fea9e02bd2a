"""The gateway as a library: opened from a configuration, asked in the words of the domain, without a server.

    async with open_gateway("feathergate.yaml") as gateway:
        response = await gateway.ask(ChatRequest(model="fast", messages=(...,)))

Models are asked for by the names that the configuration gives them; retries, fallbacks, limits and prices are the
gateway's. What fails raises the errors of `domain.errors`.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

from adapters.config.loading import LoadedConfig, load_config, load_mapping
from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.contract import ClientDialect
from adapters.dialects.embeddings.openai_client import parse_response
from application.answer_chat import Answer
from application.batch.run import BatchEnd, BatchLimits, RunBatch
from application.batch.unwatched import Unwatched
from application.estimate_call import EstimateCall
from application.metering import PriceOf
from application.ports.batch import BatchWatch, LineAsker
from application.ports.embedder import RelayedEmbeddings
from domain.batch.line import LineEstimate
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.folding import Folding
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.embeddings import EmbeddingRequest, EmbeddingResponse
from domain.errors import ErrorKind, MalformedResponse
from domain.pricing.price import Price
from entrypoints.arguments import Options
from entrypoints.batch import BatchOrder, open_batch
from entrypoints.canonical_calls import chat_call, embedding_call
from entrypoints.container import Container, close_container
from entrypoints.lines_in_memory import LinesInMemory

Config: TypeAlias = "str | os.PathLike[str] | Mapping[str, object]"
"""A configuration file, or what would stand in it as plain values."""

LIMITS: Final = BatchLimits(concurrency=64)
"""Of batches, where nothing else is said: as fast as the providers allow, 64 requests at a time."""


@asynccontextmanager
async def open_gateway(
    config: Config, *, environment: Mapping[str, str] | None = None, log_level: str = "error"
) -> AsyncIterator["Gateway"]:
    """A gateway of this event loop; its connections are closed at the end.

    environment: the variables that keys come from; None = the process's. `.env` beside a file is read, too.
    log_level: `info` has every call of a batch logged to stderr, `error` none.

    Raises ConfigError with every mistake in the configuration.
    """
    variables = dict(os.environ) if environment is None else environment  # noqa: TID251 - as the command line does
    container = quiet_container(_loaded(config, variables), log_level=log_level)
    try:
        yield Gateway(container)
    finally:
        await close_container(container)


def quiet_container(loaded: LoadedConfig, *, log_level: str = "error") -> Container:
    """The parts of a gateway that no server serves; calls are logged to stderr at `log_level` and above.

    Raises ConfigError where the configuration cannot mean anything.
    """
    return Container(loaded=loaded, options=Options(log_level=log_level))


class Gateway:
    """What `open_gateway` opens. Any number of tasks of its event loop may ask it at a time."""

    def __init__(self, container: Container) -> None:
        self._clock = container.clock()
        self._answer_chat = container.answer_chat()
        self._embed = container.embed()
        self._chat_dialect: ClientDialect = container.chat_dialect()
        self._door: LineAsker = container.in_process_door()
        self._estimate: EstimateCall = container.estimate_call()
        self._roster = container.roster()
        self._price_of: PriceOf = container.prices()

    async def ask(self, request: ChatRequest) -> ChatResponse:
        """The whole answer to `request`. Raises RequestErrors, UpstreamErrors and GatewayFaults."""
        answer = await self._answer_chat.run(chat_call(request, self._clock, stream=False))
        folding = Folding()
        async with aclosing(_events(answer)) as events:
            async for event in events:
                folding.feed(event)
        return folding.response()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """The answer to `request` as it comes, from Started to Ended; closing the generator closes the upstream.

        Raises as `ask`, also in the middle of the answer.
        """
        answer = await self._answer_chat.run(chat_call(request, self._clock, stream=True))
        async with aclosing(_events(answer)) as events:
            async for event in events:
                yield event

    async def embed(self, request: EmbeddingRequest) -> EmbeddingResponse:
        """A vector for each input. Raises as `ask`."""
        embedded = await self._embed.run(embedding_call(request, self._clock))
        answer = embedded.answer
        return parse_response(answer.body, answer.usage) if isinstance(answer, RelayedEmbeddings) else answer

    async def batch(
        self, order: BatchOrder, limits: BatchLimits = LIMITS, *, watch: BatchWatch | None = None
    ) -> BatchEnd:
        """Have a file of requests answered into another, as `feathergate batch` does.

        Cancelling it ends it at once; what is not finished then a further run with `resume` does. Raises
        BatchFilesRefused where the files are not as they have to be, MistakenLines, OSError.
        """
        with ExitStack() as stack:
            batch = await asyncio.to_thread(stack.enter_context, open_batch(order))  # reads all of the input
            return await batch.prepare(self._door, limits, clock=self._clock, watch=watch).run()

    async def answer_lines(
        self,
        lines: Iterable[bytes],
        limits: BatchLimits = LIMITS,
        *,
        dialect: str = "auto",
        model: str | None = None,
    ) -> list[bytes]:
        """The results of `lines`, a batch's input, in the order of their coming; each ends with a line feed.

        `dialect` and `model` as in a BatchOrder. A line that fails has a result that says why.
        """
        batch = LinesInMemory(lines, LineReader(dialect, model=model), self._chat_dialect)
        await RunBatch(
            self._door,
            batch,
            batch,
            limits=limits,
            clock=self._clock,
            watch=Unwatched(),
            draw=random.random,
        ).run()
        return batch.results

    def estimate(self, request: ChatRequest) -> LineEstimate:
        """What `request` will take at most: its prompt, its answer, and both at the prices of who may answer.

        Raises RequestErrors where nobody would answer it.
        """
        return self._estimate.request(request, request.model)

    def price(self, model: str) -> Price | None:
        """What the tokens of `model` cost, of its first deployment; None where that is not known.

        Raises UnknownModel.
        """
        return self._price_of(self._roster.group(model).members[0].deployment)


def _loaded(config: Config, environment: Mapping[str, str]) -> LoadedConfig:
    if isinstance(config, Mapping):
        return load_mapping(config, environment)
    return load_config(Path(config), environment)


async def _events(answer: Answer) -> AsyncGenerator[StreamEvent, None]:
    """The events of `answer`, to a good end. Raises the error of one that broke."""
    async with aclosing(answer.pieces) as pieces:
        async for piece in pieces:
            for event in piece.events:
                if isinstance(event, ev.Failed):
                    raise event.error
                yield event
    if not pieces.ended:
        raise MalformedResponse(
            "expected the upstream's answer to end; it stopped without an ending",
            kind=ErrorKind.TRUNCATED,
            provider=answer.deployment.provider,
            model=answer.deployment.model,
        )
