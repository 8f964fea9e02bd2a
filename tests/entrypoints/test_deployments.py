"""From the words of the file to deployments."""

import pytest

from adapters.config.mistakes import ConfigError
from entrypoints.deployments import bind_deployments
from tests.config.config_files import ONE_MODEL, load_text

_KEY = {"OPENAI_API_KEY": "k"}


@pytest.mark.parametrize(
    ("info", "dialects"),
    [
        ("{}", ["openai_chat", "openai_responses"]),
        ("{mode: responses}", ["openai_responses"]),
        ("{dialects: [openai_chat]}", ["openai_chat"]),
        ("{mode: responses, dialects: [openai_chat, anthropic_messages]}", ["openai_chat", "anthropic_messages"]),
    ],
)
def test_the_operator_says_what_an_upstream_speaks(info: str, dialects: list[str]) -> None:
    bindings = bind_deployments(load_text(f"{ONE_MODEL}    model_info: {info}\n", _KEY))
    (route,) = bindings.routes.values()
    assert [wire.dialect.name for wire in route.wires] == dialects


def test_a_dialect_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(ConfigError) as refused:
        bind_deployments(load_text(f"{ONE_MODEL}    model_info: {{dialects: [nonsense]}}\n", _KEY))
    (mistake,) = refused.value.mistakes
    assert mistake.line == 2
    assert "model_info.dialects: expected one or more of openai_chat" in mistake.message
