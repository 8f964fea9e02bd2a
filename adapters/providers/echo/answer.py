"""A script as the events of an answer."""

import hashlib
from collections.abc import Iterator
from typing import Final

from adapters.dialects.upstream_errors import kind_for_status, rejected
from adapters.providers.echo.script import Script, words
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import UpstreamUnavailable

_FIRST_BLOCK: Final = 0


def tell(script: Script, *, model: str, request_id: str) -> Iterator[StreamEvent]:
    """The events of the answer that `script` asks for; each word is an event.

    Raises the error the script asks for before anything is said; one that breaks off ends with Failed.
    """
    if script.status is not None:
        raise rejected(
            kind_for_status(script.status),
            script.status,
            message=f"echo was told to fail with status {script.status}",
            headers={},
        )
    yield ev.Started(f"echo-{_digest(request_id)}", model)
    block = _FIRST_BLOCK
    if script.reasoning:
        yield from _reasoning(block, script.reasoning)
        block += 1
    spoken = words(script.text)
    said = spoken if script.max_words is None else spoken[: script.max_words]
    if said and not script.calls:
        yield ev.BlockStarted(block, BlockKind.TEXT)
        yield from (ev.TextDelta(block, word) for word in said)
        if script.breaks:
            yield ev.Failed(UpstreamUnavailable("echo was told to break off in the middle of its answer"))
            return
        yield ev.BlockStopped(block)
        block += 1
    for ordinal, (name, arguments) in enumerate(script.calls):
        yield from _call(block + ordinal, name, arguments, call_id=f"call_{_digest(request_id, ordinal)}")
    cut = not script.calls and len(said) < len(spoken)
    yield ev.Finished(_finish(called=bool(script.calls), cut=cut))
    yield ev.UsageReported(_usage(script, said))
    yield ev.Ended()


def _reasoning(block: int, text: str) -> Iterator[StreamEvent]:
    yield ev.BlockStarted(block, BlockKind.REASONING)
    yield from (ev.ReasoningDelta(block, word) for word in words(text))
    yield ev.BlockStopped(block)


def _call(block: int, name: str, arguments: str, *, call_id: str) -> Iterator[StreamEvent]:
    yield ev.BlockStarted(block, BlockKind.TOOL_CALL, call_id, name)
    yield ev.ToolArgumentsDelta(block, arguments)
    yield ev.BlockStopped(block)


def _finish(*, called: bool, cut: bool) -> Finish:
    if called:
        return Finish(reason=FinishReason.TOOL_CALLS, native="tool_calls")
    return (
        Finish(reason=FinishReason.LENGTH, native="length")
        if cut
        else Finish(reason=FinishReason.STOP, native="stop")
    )


def _usage(script: Script, said: list[str]) -> Usage:
    thought = len(script.reasoning.split())
    called = sum(len(f"{name} {arguments}".split()) for name, arguments in script.calls)
    spoken = 0 if script.calls else len("".join(said).split())
    return Usage(
        prompt_tokens=script.prompt_words,
        completion_tokens=thought + called + spoken,
        reasoning_tokens=thought or None,
    )


def _digest(request_id: str, ordinal: int | None = None) -> str:
    return hashlib.sha256(f"{request_id}/{ordinal}".encode()).hexdigest()[:24]
