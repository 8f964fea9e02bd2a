import pytest

from application.list_models import ListedModel, ListModels
from domain.errors import UnknownModel
from domain.models.profile import ModelProfile
from domain.routing.fleet import Alias, Deployment, Fleet
from tests.strategies.fleets import deployment

_KNOWN = {"openai": ("gpt-4o", "gpt-4o-mini", "o3"), "anthropic": ("claude-opus-5",)}


def _list(*members, aliases=()) -> ListModels:  # type: ignore[no-untyped-def]  # Fleet.of's
    return ListModels(Fleet.of(members, aliases), lambda provider: _KNOWN.get(provider, ()), _profile)


def _profile(deployment: Deployment) -> ModelProfile:
    """As many tokens as its model's name has letters."""
    return ModelProfile(context_tokens=len(deployment.model), max_output_tokens=1)


def test_groups_and_visible_aliases_are_listed_with_their_owner() -> None:
    listed = _list(
        deployment("fast", provider="groq"),
        deployment("off", ident="two", unready="set KEY"),
        deployment("mixed", ident="three", provider="openai", unready="set KEY"),
        deployment("mixed", ident="four", provider="azure"),
        aliases=[Alias(name="quick", target="fast"), Alias(name="hidden", target="fast", hidden=True)],
    ).run()
    assert [(model.name, model.owner) for model in listed] == [
        ("fast", "groq"),
        ("mixed", "azure"),
        ("quick", "groq"),
    ]


def test_a_wildcard_is_listed_by_the_known_models_it_covers() -> None:
    listed = _list(
        deployment("openai/*", provider="openai", model="*"),
        deployment("mini/*", ident="two", provider="openai", model="gpt-*-mini"),
        deployment("any/*", ident="three", provider="nobody", model="*"),
        deployment("off/*", ident="four", provider="openai", model="*", unready="set KEY"),
        deployment("one/*", ident="five", provider="openai", model="gpt-4o"),
    ).run()
    assert [model.name for model in listed] == ["openai/gpt-4o", "openai/gpt-4o-mini", "openai/o3", "mini/4o"]


def test_a_name_stands_once() -> None:
    listed = _list(
        deployment("openai/gpt-4o", provider="azure"),
        deployment("openai/*", ident="two", provider="openai", model="*"),
    ).run()
    assert [model.name for model in listed].count("openai/gpt-4o") == 1


def test_one_model_is_found_listed_or_covered() -> None:
    models = _list(
        deployment("fast", provider="groq"),
        deployment("openai/*", ident="two", provider="openai", model="*"),
        deployment("off", ident="three", unready="set KEY"),
    )
    assert (models.one("fast").name, models.one("fast").owner) == ("fast", "groq")
    assert models.one("openai/brand-new") == ListedModel("openai/brand-new", "openai", len("brand-new"), 1)
    for name in ("nobody", "off"):
        with pytest.raises(UnknownModel):
            models.one(name)


def test_what_an_exact_name_hides_is_not_listed_for_its_wildcard() -> None:
    models = _list(
        deployment("openai/gpt-4o", unready="set KEY"),
        deployment("openai/*", ident="two", provider="openai", model="*"),
    )
    assert [model.name for model in models.run()] == ["openai/gpt-4o-mini", "openai/o3"]


def test_limits_are_those_of_the_concrete_model() -> None:
    (model,) = _list(deployment("openai/*-mini", provider="openai", model="*-mini")).run()
    assert (model.name, model.context_tokens) == ("openai/gpt-4o-mini", len("gpt-4o-mini"))
