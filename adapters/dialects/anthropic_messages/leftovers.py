"""What a request says that this wire has no word for."""

from adapters.dialects.anthropic_messages.vocabulary import FAMILY
from adapters.dialects.leftovers import lost_leftovers, refuse_foreign
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest
from domain.errors import UnsupportedFeature
from domain.json_types import NO_EXT


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


def leftover_losses(request: ChatRequest, *, rare: bool) -> list[Loss]:
    """A loss per parameter and per leftover member that the request will be sent without.

    rare: it is not a simple one.
    """
    losses = lost_leftovers(request, FAMILY)
    if request.store is not None:
        losses.append(_dropped("store", LossKind.PARAMETER if request.store else LossKind.HINT))
    if rare:
        losses.extend(_dropped(name, kind) for name, given, kind in _dropped_params(request) if given)
    return losses


def _dropped(name: str, kind: LossKind) -> Loss:
    return Loss("dropped_param", f"/{name}", "no such parameter here", kind)


def _dropped_params(request: ChatRequest) -> tuple[tuple[str, bool, LossKind], ...]:
    """Each rare parameter without a counterpart: its name, whether it was given, and what losing it means."""
    sampling, parameter, hint = request.sampling, LossKind.PARAMETER, LossKind.HINT
    only_text = set(request.modalities) <= {"text"}
    return (
        ("seed", sampling.seed is not None, parameter),
        ("frequency_penalty", sampling.frequency_penalty is not None, parameter),
        ("presence_penalty", sampling.presence_penalty is not None, parameter),
        ("logit_bias", bool(sampling.logit_bias), parameter),
        ("logprobs", request.logprobs is not None, parameter),
        ("top_logprobs", bool(request.logprobs), parameter),
        ("modalities", bool(request.modalities), hint if only_text else parameter),
        ("audio", request.audio_output is not None, parameter),
        ("prediction", request.prediction is not None, parameter),
        ("verbosity", request.verbosity is not None, parameter),
        ("metadata", bool(request.metadata), hint),
        ("prompt_cache_key", request.cache_key is not None, hint),
    )
