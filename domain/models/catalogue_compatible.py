"""Well-known models of OpenAI-compatible providers (each provider's model page, 2026-11)."""

from types import MappingProxyType
from typing import Final

from domain.chat.request import Effort
from domain.models.profile import ModelProfile, Thinking
from domain.models.rules import Catalogue, table

COMPATIBLE: Final = ModelProfile(thinking=Thinking.EFFORT, efforts=tuple(Effort))
"""A compatible server is taken at its word: everything is passed on, and it says itself what it refuses."""


def _catalogue(*rows: tuple[str, int | None, int | None]) -> Catalogue:
    return Catalogue(rules=(), known=table(*rows), otherwise=COMPATIBLE)


BY_PROVIDER: Final = MappingProxyType(
    {
        "groq": _catalogue(
            ("openai/gpt-oss-120b", 131_072, 65_536),
            ("openai/gpt-oss-20b", 131_072, 65_536),
            ("qwen/qwen3.8-27b", 131_072, 16_384),
        ),
        "mistral": _catalogue(
            ("mistral-large-latest", 262_144, None),
            ("mistral-medium-latest", 262_144, None),
            ("mistral-small-latest", 262_144, None),
            ("magistral-medium-latest", 262_144, None),
            ("devstral-latest", 256_000, None),
            ("ministral-8b-latest", 262_144, None),
        ),
        "deepseek": _catalogue(
            ("deepseek-chat", 131_072, 8_192),
            ("deepseek-reasoner", 131_072, 65_536),
            ("deepseek-v4-flash", 1_000_000, 393_216),
            ("deepseek-v4-pro", 1_000_000, 393_216),
        ),
        "xai": _catalogue(
            ("grok-4.7", 500_000, None),
            ("grok-4.5", 500_000, None),
            ("grok-4.3", 1_000_000, None),
            ("grok-code-fast-1", 256_000, None),
        ),
        "perplexity": _catalogue(
            ("sonar", 128_000, None),
            ("sonar-pro", 200_000, 8_000),
            ("sonar-reasoning-pro", 128_000, None),
            ("sonar-deep-research", 128_000, None),
        ),
        "cerebras": _catalogue(
            ("gpt-oss-120b", 131_072, 32_768),
            ("qwen-3.8-27b", 65_536, 32_768),
            ("gemma-4-31b", 131_072, 40_960),
        ),
        "moonshot": _catalogue(("kimi-k3", 1_048_576, None), ("kimi-k2.6", 262_144, None)),
        "zai": _catalogue(
            ("glm-5.3", 1_000_000, 128_000), ("glm-5.3-flash", 1_048_576, 128_000), ("glm-5", 200_000, 128_000)
        ),
        "minimax": _catalogue(("MiniMax-M3", 1_000_000, 128_000), ("MiniMax-M2.5", 1_000_000, 8_192)),
        "dashscope": _catalogue(
            ("qwen3.8-max", 991_808, 131_072),
            ("qwen3.8-flash", 991_808, 131_072),
            ("qwen3-coder-plus", 997_952, 65_536),
        ),
        "sambanova": _catalogue(
            ("gpt-oss-120b", 131_072, 131_072), ("Meta-Llama-3.3-70B-Instruct", 131_072, 131_072)
        ),
    }
)
