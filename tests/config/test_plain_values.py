"""Configurations that programs give as plain values mean what the same files mean."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.loading import load_mapping
from adapters.config.mistakes import ConfigError
from tests.config.config_files import load_text

MODEL = {"model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o", "api_key": "${KEY:-none}"}}


def with_model(**sections: Any) -> dict[str, Any]:
    return {"model_list": [MODEL], **sections}


@given(
    names=st.lists(st.text("ab:#'\"{}[]!ä 🌤-").filter(str.strip), min_size=1, max_size=3, unique=True),
    retries=st.none() | st.integers(0, 9),
    drops=st.booleans(),
)
def test_values_mean_what_the_same_file_means(names: list[str], retries: int | None, drops: bool) -> None:
    config = {
        "model_list": [{**MODEL, "model_name": name} for name in names],
        "litellm_settings": {"drop_params": drops, "num_retries": retries},
    }
    given_values = load_mapping(config, {"KEY": "sk"}).settings
    read = load_text(yaml.safe_dump(config), {"KEY": "sk"}).settings
    assert [one.model_name for one in given_values.deployments] == [one.model_name for one in read.deployments]
    assert [one.api_key for one in given_values.deployments] == [one.api_key for one in read.deployments]
    assert given_values.routing == read.routing
    assert given_values.drop_params == read.drop_params


def test_the_master_key_comes_from_the_environment_too() -> None:
    settings = load_mapping(with_model(), {"LITELLM_MASTER_KEY": "sk-1"}).settings
    assert settings.master_key is not None
    assert settings.master_key.matches("sk-1")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "<mapping>: the configuration is empty; at least a model_list is needed"),
        (with_model(router_settings={"num_retries": "many"}), "<mapping>:7: "),
        (
            {"model_list": [MODEL], "general_settings": {"master_key": object()}},
            "<mapping>: expected texts, numbers",
        ),
    ],
)
def test_mistakes_are_told_with_their_line(config: Mapping[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_mapping(config, {})
    assert str(refused.value).startswith(told)


def test_values_that_hold_themselves_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigError):
        load_mapping(with_model(router_settings=endless), {})
