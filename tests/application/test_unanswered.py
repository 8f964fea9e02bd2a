"""Which models could be answered at all."""

import pytest

from application.unanswered import unanswered
from domain.routing.fleet import Deployment
from domain.routing.policy import FallbackPolicy, RoutingPolicy
from tests.application.fakes import ManualClock
from tests.application.routed import attempts_over


def deployment(group: str, *, unready: str | None = None) -> Deployment:
    return Deployment(id=f"{group}-{unready}", group=group, provider="openai", model="m", unready=unready)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("ready", None),
        ("half", None),
        ("helped", None),
        ("nobody's", None),
        ("keyless", "model 'keyless' is not configured: set OPENAI_API_KEY"),
        ("led astray", "model 'led astray' is not configured: set AN_ADDRESS"),
    ],
)
def test_a_model_is_unanswered_where_neither_it_nor_a_fallback_is_configured(model: str, told: str | None) -> None:
    fleet = [
        deployment("ready"),
        deployment("half"),
        deployment("half", unready="set OPENAI_API_KEY"),
        deployment("helped", unready="set OPENAI_API_KEY"),
        deployment("keyless", unready="set OPENAI_API_KEY"),
        deployment("led astray", unready="set AN_ADDRESS"),
    ]
    general = {"helped": ("ready",), "led astray": ("keyless",)}
    policy = RoutingPolicy(fallbacks=FallbackPolicy(general=general))
    refusal = unanswered(attempts_over(fleet, ManualClock(), policy).roster, model, 0.0)
    assert (None if refusal is None else refusal.message) == told
