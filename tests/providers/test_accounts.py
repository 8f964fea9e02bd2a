"""Which deployments find what another one keeps upstream."""

from typing import Any

from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from domain.secret import Secret

_KEY = "sk-0123456789abcdef"


def _accounts(*settings: dict[str, Any]) -> list[str]:
    specs = [
        DeploymentSpec(**{"group": "g", "model": "openai/gpt-5", "api_key": Secret(_KEY), **s}) for s in settings
    ]
    return [deployment.account for deployment in bind(specs, {}).deployments]


def test_the_same_address_and_credential_are_one_account_whatever_the_model() -> None:
    first, *others = _accounts(
        {},
        {"model": "openai/gpt-4o"},
        {"model": "openai/responses/o3", "group": "h"},
        {"api_base": "https://api.openai.com/v1/"},
        {"extra_headers": {"X-Team": "a"}},
    )
    assert set(others) == {first}


def test_another_address_credential_or_organization_is_another_account() -> None:
    accounts = _accounts(
        {},
        {"api_key": Secret("sk-another")},
        {"api_base": "https://eu.api.openai.com/v1"},
        {"organization": "org-1"},
        {"extra_headers": {"OpenAI-Project": "p"}},
        {"extra_headers": {"Authorization": Secret("Bearer other")}},
        {"model": "azure/d", "api_base": "https://r"},
    )
    assert len(set(accounts)) == len(accounts)


def test_an_account_s_name_tells_nothing_of_its_credential() -> None:
    (with_key,) = _accounts({})
    (with_another,) = _accounts({"api_key": Secret("sk-another")})
    assert with_key == with_another == "api.openai.com#1"


def test_what_is_not_reached_has_no_account() -> None:
    assert _accounts({"model": "echo/echo"}, {"mock_response": "hi"}) == ["", ""]
