"""Words that requests and answers of this dialect share."""

import re
from typing import Final

NAME: Final = "gemini"
"""The name of the dialect."""

FAMILY: Final = "google"
"""Whose opaque values Gemini makes and reads."""

TOOL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
"""What a function may be called (ai.google.dev/api/caching#FunctionDeclaration, 2026-11)."""

DECORATIONS: Final = frozenset(
    {"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata", "mediaProcessing"}
)
"""Members beside a part's payload."""
