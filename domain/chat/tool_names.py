"""Tool names that fit a wire: one mapping per request, undone in every answer."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from domain.chat.content import ToolCall, ToolResult
from domain.chat.request import ChatRequest, Tool

PORTABLE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9_-]")
_STEM_LENGTH: Final = 55
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class ToolNames:
    """A bijection between the caller's tool names and the ones on the wire; names that fit map to themselves."""

    _to_wire: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    _to_original: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def fitting(cls, names: Iterable[str], pattern: re.Pattern[str] = PORTABLE_NAME) -> "ToolNames":
        """The mapping for `names`: what `pattern` matches in full stays, the rest becomes stem_digest."""
        to_wire = {name: _safe(name) for name in names if not pattern.fullmatch(name)}
        if not to_wire:
            return AS_THEY_ARE
        return cls(MappingProxyType(to_wire), MappingProxyType({wire: name for name, wire in to_wire.items()}))

    @classmethod
    def of(cls, request: ChatRequest, pattern: re.Pattern[str] = PORTABLE_NAME) -> "ToolNames":
        """The mapping for every tool that `request` declares, chooses, or tells of in its history."""
        names = {tool.name for tool in request.tools if isinstance(tool, Tool)}
        for part in [part for each in request.messages if each.plain_text is None for part in each.parts]:
            if isinstance(part, (ToolCall, ToolResult)) and part.name is not None:
                names.add(part.name)
        if request.tool_choice is not None:
            names.update(request.tool_choice.names)
        return cls.fitting(names, pattern)

    def wire(self, name: str) -> str:
        """The name to send."""
        return self._to_wire.get(name, name)

    def original(self, name: str) -> str:
        """The caller's name for a name the upstream used."""
        return self._to_original.get(name, name)


AS_THEY_ARE: Final = ToolNames()
"""Every name is sent as it is."""


def _safe(name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    stem = _FORBIDDEN.sub("_", name)[:_STEM_LENGTH]
    return f"{stem}_{digest}" if stem[:1].isalpha() or stem[:1] == "_" else f"_{stem[: _STEM_LENGTH - 1]}_{digest}"
