"""What is known of the vendors' models: abilities, limits, and the ids that wildcards are listed by."""

from typing import Final

from domain.models.catalogue_anthropic import ANTHROPIC
from domain.models.catalogue_compatible import BY_PROVIDER, COMPATIBLE
from domain.models.catalogue_gemini import GEMINI
from domain.models.catalogue_openai import OPENAI
from domain.models.profile import ModelProfile
from domain.models.rules import Catalogue

_CATALOGUES: Final[dict[str, Catalogue]] = {
    "openai": OPENAI,
    "azure": OPENAI,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    **BY_PROVIDER,
}


def profile_for(provider: str, model: str) -> ModelProfile:
    """What `model` (the provider's own id) can do at `provider`.

    Newer ids than the known ones get the newest known behaviour of their vendor. A provider without a
    catalogue is an OpenAI-compatible server that is taken at its word.
    """
    catalogue = _CATALOGUES.get(provider)
    return COMPATIBLE if catalogue is None else catalogue.profile(model.removeprefix("models/"))


def known_models(provider: str) -> tuple[str, ...]:
    """The model ids of `provider` that are known by name, newest first; empty where there are none."""
    if provider == "azure":
        return ()
    catalogue = _CATALOGUES.get(provider)
    return () if catalogue is None else tuple(catalogue.known)
