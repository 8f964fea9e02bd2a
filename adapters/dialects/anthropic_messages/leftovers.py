"""What a request says that this wire has no word for."""

from collections.abc import Iterator
from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import FAMILY
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Tool
from domain.errors import UnsupportedFeature
from domain.json_types import JSON, NO_EXT, Ext

_NO_EFFECT: Final = frozenset(
    {
        "include_obfuscation",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "user",
    }
)
"""Members of other families whose loss changes nothing that a caller could see."""


def refuse_impossible(request: ChatRequest) -> None:
    """Raise UnsupportedFeature where the API cannot give what is asked for at all."""
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
    for name, _ in _foreign(request.ext):
        if name not in _NO_EFFECT:
            yield Loss("dropped_ext", f"/{name}", "no such parameter here", LossKind.PARAMETER)
    yield from _nested_losses(request)


def _nested_losses(request: ChatRequest) -> Iterator[Loss]:
    for index, message in enumerate(request.messages):
        yield from _nested(message.ext, f"/messages/{index}")
        for place, part in enumerate(message.parts):
            yield from _nested(getattr(part, "ext", NO_EXT), f"/messages/{index}/content/{place}")
    for index, tool in enumerate(request.tools):
        if isinstance(tool, Tool):
            yield from _nested(tool.ext, f"/tools/{index}")


def _dropped_params(request: ChatRequest) -> tuple[tuple[str, bool, LossKind], ...]:
    """Each parameter without a counterpart: its name, whether it was given, and what losing it means."""
    sampling, parameter, hint = request.sampling, LossKind.PARAMETER, LossKind.HINT
    return (
        ("seed", sampling.seed is not None, parameter),
        ("frequency_penalty", sampling.frequency_penalty is not None, parameter),
        ("presence_penalty", sampling.presence_penalty is not None, parameter),
        ("logit_bias", bool(sampling.logit_bias), parameter),
        ("logprobs", request.logprobs is not None, parameter),
        ("modalities", any(modality != "text" for modality in request.modalities), parameter),
        ("audio", request.audio_output is not None, parameter),
        ("prediction", request.prediction is not None, parameter),
        ("verbosity", request.verbosity is not None, parameter),
        ("store", bool(request.store), parameter),
        ("metadata", bool(request.metadata), hint),
        ("prompt_cache_key", request.cache_key is not None, hint),
    )


def _nested(ext: Ext, at: str) -> Iterator[Loss]:
    for name, value in _foreign(ext):
        if value not in (None, [], {}, ""):
            yield Loss("dropped_ext", f"{at}/{name}", "no such member here", LossKind.HINT)


def _foreign(ext: Ext) -> Iterator[tuple[str, JSON]]:
    if ext is NO_EXT:
        return
    for family, members in ext.items():
        if family != FAMILY:
            yield from members.items()
