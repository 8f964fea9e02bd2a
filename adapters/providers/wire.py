"""Wire: one chat API of one upstream, settled before the first call."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.dialects.contract import Target, UpstreamDialect
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.addresses import Endpoint
from adapters.providers.chat_body import ChatFitting
from adapters.providers.wishes import Wishes

RESPONSES: Final = "openai_responses"
RESPONSES_PREFIX: Final = "responses/"
"""What stands before a model that is to be reached by Responses alone: `openai/responses/gpt-5`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One chat API of a deployment.

    dialect:       its language.
    endpoint:      where its requests go.
    counting:      where the tokens of such a request are counted; None = nowhere.
    quirks:        how its Chat Completions differ; None = it speaks another dialect.
    markers:       find what tells of a value inside a body of this dialect that it must not get as it stands;
                   None = it gets every body.
    renames:       top-level members of the finished body, the dialect's name → the provider's.
    model_in_path: the address tells the model and whether to stream, and the body must not.
    for_reasoning: for models that reason, clients of other dialects are bridged to this one.
    callers:       how the headers begin that a caller may send it.
    wishes:        the operator's wishes in the words of this dialect.
    """

    dialect: UpstreamDialect
    endpoint: Endpoint
    counting: Endpoint | None
    quirks: ChatQuirks | None
    markers: "re.Pattern[bytes] | None"
    renames: Mapping[str, str]
    model_in_path: bool
    for_reasoning: bool
    callers: str
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWire:
    """A wire for one concrete model: its targets are paths with their queries.

    model:   what a translation must know of the model.
    fitting: what its Chat Completions need; None = it speaks another dialect.
    """

    wire: Wire
    model: Target
    fitting: ChatFitting | None
    buffered_target: str
    streamed_target: str
    counting_target: str | None

    @classmethod
    def of(cls, wire: Wire, model: Target) -> "ModelWire":
        """The wire for `model`."""
        name = model.model
        return cls(
            wire=wire,
            model=model,
            fitting=None if wire.quirks is None else ChatFitting(wire.quirks, model, wire.renames),
            buffered_target=wire.endpoint(name, False),
            streamed_target=wire.endpoint(name, True),
            counting_target=None if wire.counting is None else wire.counting(name, False),
        )


def narrowed(wires: tuple[Wire, ...], model: str) -> tuple[tuple[Wire, ...], str]:
    """The wires for `model` and its own id, where a wildcard captured `responses/` before it."""
    if model.startswith(RESPONSES_PREFIX):
        responses = tuple(wire for wire in wires if wire.dialect.name == RESPONSES)
        if responses:
            return responses, model.removeprefix(RESPONSES_PREFIX)
    return wires, model
