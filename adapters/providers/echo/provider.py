"""The in-process provider that answers with what it was told."""

from typing import Final

from adapters.providers.credentials import ApiKey
from adapters.providers.spec import ProviderSpec

ECHO: Final = ProviderSpec(
    name="echo",
    documentation="adapters/providers/echo/script.py",
    credentials=ApiKey(),
    key_required=False,
)
