"""What a request says that this wire has no word for."""

from collections.abc import Iterator

from adapters.dialects.anthropic_messages.pointers import Places
from adapters.dialects.anthropic_messages.vocabulary import FAMILY
from adapters.dialects.leftovers import foreign_losses, refuse_foreign
from domain.chat.content import OpaquePart, Part, ToolResult
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Tool
from domain.errors import UnsupportedFeature
from domain.json_types import NO_EXT, Ext


def refuse_impossible(request: ChatRequest) -> None:
    """Raise UnsupportedFeature where the API cannot give what is asked for at all."""
    if request.ext is not NO_EXT:
        refuse_foreign(request.ext, FAMILY)
    if request.candidates > 1:
        raise UnsupportedFeature(
            f"expected n = 1, since this upstream gives one answer per request; got {request.candidates}. "
            "Send the request that often.",
            param="n",
        )
    if request.modalities and "text" not in request.modalities:
        raise UnsupportedFeature(
            f"expected text among modalities; got {', '.join(request.modalities)}. This upstream only writes.",
            param="modalities",
        )


def leftover_losses(request: ChatRequest) -> Iterator[Loss]:
    """A loss per parameter and per leftover member that the request will be sent without."""
    for name, given, kind in _dropped_params(request):
        if given:
            yield Loss("dropped_param", f"/{name}", "no such parameter here", kind)
    for ext, at in _extensions(request):
        yield from foreign_losses(ext, FAMILY, at=at)


def _extensions(request: ChatRequest) -> Iterator[tuple[Ext, str]]:
    """Every place of the request that has leftovers, with them."""
    if request.ext is not NO_EXT:
        yield request.ext, ""
    if request.reasoning is not None and request.reasoning.ext is not NO_EXT:
        yield request.reasoning.ext, "/reasoning_effort"
    for index, tool in enumerate(request.tools):
        if isinstance(tool, Tool) and tool.ext is not NO_EXT:
            yield tool.ext, f"/tools/{index}"
    places = Places(request.messages)
    for index, message in enumerate(request.messages):
        if message.ext is not NO_EXT:
            yield message.ext, f"/messages/{index}"
        for part in message.parts:
            yield from _extensions_of(part, places)


def _extensions_of(part: Part, places: Places) -> Iterator[tuple[Ext, str]]:
    if not isinstance(part, OpaquePart) and part.ext is not NO_EXT:
        yield part.ext, places.pointer(part)
    if isinstance(part, ToolResult):
        for inner in part.parts:
            if inner.ext is not NO_EXT:
                yield inner.ext, places.pointer(inner)


def _dropped_params(request: ChatRequest) -> tuple[tuple[str, bool, LossKind], ...]:
    """Each parameter without a counterpart: its name, whether it was given, and what losing it means."""
    sampling, parameter, hint = request.sampling, LossKind.PARAMETER, LossKind.HINT
    only_text = all(modality == "text" for modality in request.modalities)
    return (
        ("seed", sampling.seed is not None, parameter),
        ("frequency_penalty", sampling.frequency_penalty is not None, parameter),
        ("presence_penalty", sampling.presence_penalty is not None, parameter),
        ("logit_bias", bool(sampling.logit_bias), parameter),
        ("logprobs", request.logprobs is not None, parameter),
        ("modalities", bool(request.modalities), hint if only_text else parameter),
        ("audio", request.audio_output is not None, parameter),
        ("prediction", request.prediction is not None, parameter),
        ("verbosity", request.verbosity is not None, parameter),
        ("store", request.store is not None, parameter if request.store else hint),
        ("metadata", bool(request.metadata), hint),
        ("prompt_cache_key", request.cache_key is not None, hint),
    )
