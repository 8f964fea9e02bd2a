"""Calls of models as clients mean them: whole and streamed, kept, closed and pipelined, answered and failing."""

import asyncio
from collections.abc import Mapping
from random import Random

from tests.e2e.routing.formats import TOKENS
from tests.e2e.routing.speech import CUT_AFTER
from tests.http.http_client import Connection
from tests.soak import fleet
from tests.soak.caller import Caller, Ending, Question, Unexpected, last_answer

CLIENTS = UPSTREAMS = ("chat", "responses", "messages", "gemini")
ANSWERED = Ending(tokens=TOKENS)
_UNAVAILABLE = (503, 529)
"""Anthropic's clients are told 529."""
TURNED_AWAY = Ending(statuses=_UNAVAILABLE, failed=True, says="can be asked now")
"""How a failing model's answers end too: the gateway lets a deployment alone that failed again and again."""
_ONCE = {"x-litellm-num-retries": "0"}
_SIP_BYTES, _SIP_S = 16_384, 0.02
"""What a slow reader takes at a time."""
_BIG_PROMPT = "x" * 1_000_000

FAILURES: Mapping[str, Mapping[bool, Ending]] = {
    fleet.RATE: dict.fromkeys((False, True), Ending(statuses=(429,), failed=True)),
    fleet.BROKEN: dict.fromkeys((False, True), Ending(statuses=(500,), failed=True)),
    fleet.AWAY: dict.fromkeys((False, True), Ending(statuses=_UNAVAILABLE, failed=True)),
    fleet.RESETTING: dict.fromkeys((False, True), Ending(statuses=_UNAVAILABLE, failed=True)),
    fleet.GARBLED: dict.fromkeys((False, True), Ending(statuses=(502,), failed=True)),
    fleet.CUT: {False: Ending(statuses=(502,), failed=True), True: Ending(tokens=CUT_AFTER, failed=True)},
    fleet.GARBLED_MIDWAY: {True: Ending(tokens=CUT_AFTER, failed=True)},
    fleet.FAILING_MIDWAY: {True: Ending(tokens=CUT_AFTER, failed=True)},
    fleet.UNFINISHED: {True: Ending(tokens=TOKENS, failed=True)},
}
"""How each failing model's answers end, whole and streamed."""


async def chat(caller: Caller, dice: Random, number: int) -> None:
    await _ask(caller, _good(dice), number, ANSWERED)


async def first(question: Question, ending: Ending, caller: Caller, _: Random, number: int) -> None:
    await _ask(caller, question, number, ending, **_ONCE)


async def unsteady(caller: Caller, dice: Random, number: int) -> None:
    """One of the group's deployments fails at every other call; nobody notices."""
    await _ask(caller, _any(dice, fleet.UNSTEADY), number, ANSWERED)


async def big(caller: Caller, dice: Random, number: int) -> None:
    asked = _good(dice)
    question = Question(client=asked.client, model=asked.model, stream=asked.stream, prompt=_BIG_PROMPT)
    await _ask(caller, question, number, ANSWERED)


async def failing(caller: Caller, dice: Random, number: int) -> None:
    name = dice.choice(tuple(FAILURES))
    stream = dice.choice(tuple(FAILURES[name]))
    question = Question(
        client=dice.choice(CLIENTS), model=fleet.group(name, dice.choice(UPSTREAMS)), stream=stream
    )
    await _ask(caller, question, number, FAILURES[name][stream], **_ONCE)


async def closing(caller: Caller, dice: Random, number: int) -> None:
    """A client that wants the connection closed behind the answer."""
    question = _good(dice)
    async with caller.fresh() as connection:
        await connection.send(question.encoded(number, connection="close"))
        answer = await connection.answer()
        if await connection.reader.read():
            raise Unexpected("more came behind the answer")
    ANSWERED.check(answer, question.read(answer))


async def old_fashioned(caller: Caller, dice: Random, number: int) -> None:
    """A client of HTTP/1.0."""
    question = _good(dice)
    async with caller.fresh() as connection:
        await connection.send(question.encoded(number, version="1.0"))
        answer = await last_answer(connection)
    ANSWERED.check(answer, question.read(answer))


async def expecting(caller: Caller, dice: Random, number: int) -> None:
    """A client that sends its body once the gateway says that it wants it."""
    question = _good(dice)
    head, end, body = question.encoded(number, expect="100-continue").partition(b"\r\n\r\n")
    async with caller.fresh() as connection:
        await connection.send(head + end)
        status = (await connection.head()).status
        if status != 100:
            raise Unexpected(f"status {status}, expected 100")
        await connection.send(body)
        answer = await connection.answer()
    ANSWERED.check(answer, question.read(answer))


async def pipelined(caller: Caller, dice: Random, number: int) -> None:
    """Three requests at once; their answers come in order."""
    questions = [_good(dice) for _ in range(3)]
    answers = await caller.ask(*(one.encoded(number) for one in questions))
    for question, answer in zip(questions, answers, strict=True):
        ANSWERED.check(answer, question.read(answer))


async def slow_reader(caller: Caller, dice: Random, number: int) -> None:
    """A client that takes a long stream bit by bit."""
    question = Question(
        client=dice.choice(CLIENTS), model=fleet.group(fleet.LONG, dice.choice(UPSTREAMS)), stream=True
    )
    taken = asyncio.StreamReader()
    async with caller.narrow() as connection:
        await connection.send(question.encoded(number, connection="close"))
        while piece := await connection.reader.read(_SIP_BYTES):
            taken.feed_data(piece)
            await asyncio.sleep(_SIP_S)
        taken.feed_eof()
        answer = await Connection(taken, connection.writer).answer()
    Ending(tokens=fleet.LONG_TOKENS).check(answer, question.read(answer))


def every_question() -> tuple[tuple[Question, Ending], ...]:
    """Each client before each upstream in each way once: what a warm gateway has seen."""
    endings = {fleet.GOOD: dict.fromkeys((False, True), ANSWERED), **FAILURES}
    return tuple(
        (Question(client=client, model=fleet.group(name, upstream), stream=stream), ending)
        for name, by_mode in endings.items()
        for stream, ending in by_mode.items()
        for client in CLIENTS
        for upstream in UPSTREAMS
    )


def _good(dice: Random) -> Question:
    return _any(dice, fleet.GOOD)


def _any(dice: Random, behaviour: str) -> Question:
    model = fleet.group(behaviour, dice.choice(UPSTREAMS))
    return Question(client=dice.choice(CLIENTS), model=model, stream=dice.random() < 0.5)


async def _ask(caller: Caller, question: Question, number: int, ending: Ending, **headers: str) -> None:
    (answer,) = await caller.ask(question.encoded(number, **headers))
    try:
        said = question.read(answer)
        if ending.failed and TURNED_AWAY.allows(answer, said):
            return
        ending.check(answer, said)
    except Unexpected as unexpected:
        raise Unexpected(
            f"{question.client} -> {question.model}, stream={question.stream}: {unexpected}"
        ) from None
