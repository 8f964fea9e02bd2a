"""The prices of configured deployments."""

import pytest

from adapters.pricing.price_list import PriceList
from domain.pricing.price import Price
from domain.routing.fleet import Deployment, Fleet
from entrypoints.deployments import bind_deployments
from entrypoints.prices import with_prices
from tests.config.config_files import load_text

GPT_4O = 2.5e-6


def priced(params: str, info: str = "{}") -> Deployment:
    entry = f"- {{model_name: m, litellm_params: {params}, model_info: {info}}}"
    loaded = load_text(f"model_list:\n{entry}\n")
    (deployment,) = with_prices(bind_deployments(loaded), loaded.settings).bindings.deployments
    return deployment


@pytest.mark.parametrize(
    ("params", "info", "input_usd"),
    [
        ("{model: openai/gpt-4o}", "{}", GPT_4O),
        ("{model: gpt-4o}", "{}", GPT_4O),
        ("{model: openai/gpt-4o, mock_response: hi}", "{}", GPT_4O),
        ("{model: azure/prod}", "{base_model: azure/gpt-4o}", GPT_4O),
        ("{model: azure/prod}", "{base_model: gpt-4o}", GPT_4O),
        ("{model: openai/own, api_base: 'http://localhost:1/v1', input_cost_per_token: 0.5}", "{}", 0.5),
        ("{model: openai/gpt-4o, input_cost_per_token: 0.5}", "{}", 0.5),
        ("{model: openai/gpt-4o}", "{input_cost_per_token: 0.25}", 0.25),
    ],
)
def test_deployments_have_their_models_price_or_their_own(params: str, info: str, input_usd: float) -> None:
    price = priced(params, info).price
    assert price is not None
    assert price.input_usd == input_usd


@pytest.mark.parametrize("model", ["azure/prod", "echo/x", "ollama/llama3", "openai/nobody-knows"])
def test_others_have_none(model: str) -> None:
    assert priced(f"{{model: {model}}}").price is None


def test_what_a_wildcard_stands_for_has_its_price() -> None:
    loaded = load_text(
        "model_list:\n"
        "- {model_name: 'openai/*', litellm_params: {model: 'openai/*', output_cost_per_token: 1.0}}\n"
        "- {model_name: x, litellm_params: {model: openai/nobody-knows}}\n"
    )
    priced = with_prices(bind_deployments(loaded), loaded.settings)
    prices = priced.prices
    fleet = Fleet.of(priced.bindings.deployments)
    price: dict[str, Price | None] = {
        name: prices(fleet.deployments(name)[0]) for name in ("openai/gpt-4o", "openai/nobody-knows", "x")
    }
    found = price["openai/gpt-4o"]
    assert found is not None
    assert (found.input_usd, found.output_usd) == (GPT_4O, 1.0)
    own = price["openai/nobody-knows"]
    assert own is not None
    assert (own.input_usd, own.output_usd) == (0.0, 1.0)
    assert price["x"] is None


@pytest.mark.parametrize(
    ("params", "info", "asked"),
    [
        ("{model: 'openai/*', api_key: k}", "{}", "openai/responses/gpt-4o"),
        ("{model: 'azure/*', api_key: k, api_base: 'https://r'}", "{base_model: gpt-4o}", "azure/prod"),
        ("{model: 'azure/*', mock_response: hi}", "{base_model: gpt-4o}", "azure/prod"),
    ],
)
def test_a_wildcard_s_model_has_the_price_of_what_is_behind_it(params: str, info: str, asked: str) -> None:
    group = asked.partition("/")[0]
    loaded = load_text(
        f"model_list:\n- {{model_name: '{group}/*', litellm_params: {params}, model_info: {info}}}\n"
    )
    priced = with_prices(bind_deployments(loaded), loaded.settings)
    found = priced.prices(Fleet.of(priced.bindings.deployments).deployments(asked)[0])
    assert found is not None
    assert found.input_usd == GPT_4O


@pytest.mark.parametrize(("fixed", "asked", "loads"), [(True, True, 1), (True, False, 1), (False, False, 0)])
def test_the_price_list_is_read_once_and_only_if_needed(
    fixed: bool, asked: bool, loads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[None] = []
    shipped = PriceList.shipped

    def counted() -> PriceList:
        read.append(None)
        return shipped()

    monkeypatch.setattr(PriceList, "shipped", counted)
    entries = ["{model_name: 'openai/*', litellm_params: {model: 'openai/*'}}"]
    if fixed:
        entries.append("{model_name: m, litellm_params: {model: openai/gpt-4o}}")
    loaded = load_text("model_list:\n" + "".join(f"- {entry}\n" for entry in entries))
    priced = with_prices(bind_deployments(loaded), loaded.settings)
    if asked:
        assert priced.prices(Fleet.of(priced.bindings.deployments).deployments("openai/gpt-4o")[0]) is not None
    assert len(read) == loads
