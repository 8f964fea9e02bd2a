"""The APIs of an upstream beside those that answer chats."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.providers.addresses import Endpoint

ANY_MODEL: Final = re.compile("")
"""How the ids of all models begin."""


class Api(StrEnum):
    """What else an upstream may be asked for."""

    EMBEDDINGS = "embeddings"
    COMPLETIONS = "completions"  # the older API, which continues a text


@dataclass(frozen=True, slots=True)
class ModelApi:
    """An API and how the ids of the models begin that have it."""

    endpoint: Endpoint
    models: re.Pattern[str]

    def has(self, model: str) -> bool:
        """Whether `model` can be asked by it."""
        return self.models.match(model) is not None
