"""Configuration files for tests, written to a directory that goes with them."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from adapters.config.loading import LoadedConfig, load_config
from adapters.config.mistakes import ConfigError

ONE_MODEL = "model_list:\n  - model_name: gpt\n    litellm_params:\n      model: openai/gpt-4o\n"
MAIN = "feathergate.yaml"


def load_text(
    text: str | bytes,
    environment: Mapping[str, str] | None = None,
    *,
    others: Mapping[str, str] | None = None,
    dotenv: bool = True,
) -> LoadedConfig:
    """Load a configuration that consists of `text` and the `others` beside it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {MAIN: text, **(others or {})}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            return load_config(Path(folder, MAIN), environment or {}, dotenv=dotenv)
        except ConfigError as error:
            raise ConfigError(
                type(found)(
                    file=found.file.removeprefix(folder).lstrip("/\\"),
                    line=found.line,
                    message=found.message.replace(folder, ""),
                    suggestion=found.suggestion,
                )
                for found in error.mistakes
            ) from None


def mistakes(
    text: str | bytes,
    environment: Mapping[str, str] | None = None,
    *,
    others: Mapping[str, str] | None = None,
    dotenv: bool = True,
) -> list[str]:
    """What is wrong with a configuration, as printed; nothing if it loads."""
    try:
        load_text(text, environment, others=others, dotenv=dotenv)
    except ConfigError as error:
        return [str(found) for found in error.mistakes]
    return []


def with_params(*lines: str) -> str:
    """One model with more keys in its litellm_params."""
    return ONE_MODEL + "".join(f"      {line}\n" for line in lines)
