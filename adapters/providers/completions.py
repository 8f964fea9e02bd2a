"""The wire of upstreams that still have the legacy Completions: requests of such clients pass through."""

from dataclasses import replace
from typing import Final

from adapters.dialects.contract import Target
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from adapters.providers.wire import ModelWire, Wire

_DIALECT: Final = OpenAICompletions(OpenAIChat())


def completions_wire(target: str, model: Target, chat: Wire) -> ModelWire:
    """The wire for `model` at the path and query `target`, beside the upstream's own `chat` wire.

    Bodies are fitted as those of its Chat Completions; only the limit has but one name here. Nothing in them may
    not reach it: a prompt holds no values of other vendors.
    """
    wire = replace(
        chat,
        dialect=_DIALECT,
        endpoint=lambda _model, _stream: target,
        counting=None,
        quirks=replace(chat.quirks or ChatQuirks(), max_tokens_field="max_tokens"),
        markers=None,
        model_in_path=False,
        for_reasoning=False,
    )
    return ModelWire.of(wire, model)
