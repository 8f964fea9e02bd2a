"""What reaches an upstream of another dialect."""

from typing import Any

import pytest

from adapters.providers.deployment_spec import DeploymentSpec, ModelInfo
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.secret import Secret
from tests.providers.calling import USER, chat_call, sent
from tests.providers.vendors import AnthropicAnswers, GeminiAnswers

_CLAUDE = "anthropic/claude-sonnet-4-5"


def _spec(model: str = _CLAUDE, **settings: Any) -> DeploymentSpec:
    return DeploymentSpec(group="the-model", model=model, api_key=Secret("k"), **settings)


async def _body(spec: DeploymentSpec, members: dict[str, Any], *, stream: bool = False) -> dict[str, Any]:
    answers = AnthropicAnswers() if spec.model.startswith("anthropic") else GeminiAnswers()
    body, _ = await sent(
        spec, chat_call(members, stream=stream), answers.streamed() if stream else answers.buffered()
    )
    return body


async def test_anthropic_is_told_its_version_and_whether_to_stream() -> None:
    answers = AnthropicAnswers()
    body, upstream = await sent(_spec(), chat_call(stream=True), answers.streamed())
    assert body["stream"] is True
    assert ("anthropic-version", "2023-06-01") in upstream.requests[0].headers
    body, _ = await sent(_spec(), chat_call(), answers.buffered())
    assert not body.get("stream")


async def test_the_same_defaults_and_drops_as_without_translation() -> None:
    spec = _spec(request_defaults={"max_tokens": 7, "temperature": 0.5}, additional_drop_params=("temperature",))
    body = await _body(spec, {"temperature": 0.9})
    assert body["max_tokens"] == 7
    assert body["temperature"] == 0.5


async def test_extra_body_is_merged_into_the_upstream_s_own_members() -> None:
    spec = _spec(
        "gemini/gemini-2.5-flash", extra_body={"generationConfig": {"candidateCount": 1}, "labels": {"a": "b"}}
    )
    body = await _body(spec, {"max_tokens": 9})
    assert body["generationConfig"]["maxOutputTokens"] == 9
    assert body["generationConfig"]["candidateCount"] == 1
    assert body["labels"] == {"a": "b"}


async def test_an_unsupported_parameter_is_dropped_refused_or_vouched_for() -> None:
    call = chat_call({"seed": 3})
    body, _ = await sent(_spec(), call, AnthropicAnswers().buffered())
    assert "seed" not in body
    assert [loss.where for loss in call.losses] == ["/seed"]
    with pytest.raises(UnsupportedFeature, match="seed"):
        await _body(_spec(drop_params=False), {"seed": 3})
    body = await _body(_spec(drop_params=False, allowed_openai_params=("seed",)), {"seed": 3})
    assert body["seed"] == 3


async def test_a_wrong_type_is_named_with_its_path_before_anything_is_sent() -> None:
    with pytest.raises(MalformedRequest) as refused:
        await _body(_spec(), {"messages": [USER, {"role": "user", "content": [{"type": "nonsense"}]}]})
    assert refused.value.param == "messages[1].content[0].type"


async def test_the_operator_knows_the_model_better_than_the_catalogue() -> None:
    info = ModelInfo(max_output_tokens=5, supports={"sampling_params": False})
    body = await _body(_spec(model_info=info), {"max_tokens": 100, "temperature": 0.5})
    assert body["max_tokens"] == 5
    assert "temperature" not in body


async def test_a_base_model_tells_what_a_name_does_not() -> None:
    plain = await _body(
        _spec("anthropic/my-claude", model_info=ModelInfo(base_model="claude-3-haiku-20240307")), {}
    )
    assert plain["model"] == "my-claude"
    assert plain["max_tokens"] == 4096
