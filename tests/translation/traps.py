"""Every mistake that translations are known for, by its number."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.translation.answer_traps import ANSWER_TRAPS
from tests.translation.request_traps import REQUEST_TRAPS
from tests.translation.trap import Trap

TRAPS: Final[Mapping[int, Trap]] = MappingProxyType({**REQUEST_TRAPS, **ANSWER_TRAPS})
