import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from adapters.observability.counting import CallCounts
from adapters.observability.exposition import MetricsPage
from adapters.observability.routing_counts import Cooldown
from adapters.observability.routing_families import RoutingCollector
from domain.errors import ErrorKind, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable
from tests.architecture.modules import ROOT
from tests.observability.routing_scenes import DEPLOYMENTS, Scene, scene


@pytest.fixture
def watched() -> Scene:
    return scene()


def samples(watched: Scene) -> dict[tuple[str, str, str], float]:
    """By name, deployment, and what else tells them apart."""
    _, body = MetricsPage(CallCounts(), lambda: RoutingCollector(watched.roster, watched.counts)).render()
    return {
        (
            sample.name,
            sample.labels.get("deployment") or sample.labels["model_id"],
            sample.labels.get("outcome") or sample.labels.get("reason") or "",
        ): sample.value
        for family in parse_text(body.decode())
        for sample in family.samples
        if sample.labels.keys() & {"provider", "api_provider"}
    }


async def test_a_smooth_call_is_one_attempt(watched: Scene) -> None:
    await watched.call()
    assert watched.counts.attempts == {("one", "ok"): 1}
    assert not watched.counts.retries
    assert not watched.counts.fallbacks


async def test_failed_tries_are_counted_by_their_class(watched: Scene) -> None:
    await watched.call(UpstreamTimeout("silent"), UpstreamTimeout("silent"))
    await watched.call(UpstreamUnavailable("refused"))
    assert watched.counts.attempts == {
        ("one", "provider_timeout"): 1,
        ("two", "provider_timeout"): 1,
        ("three", "ok"): 1,
        ("one", "provider_unavailable"): 1,
        ("two", "ok"): 1,
    }
    assert watched.counts.retries == {"two": 2}
    assert watched.counts.fallbacks == {"three": 1}


async def test_a_try_that_nobody_waits_for_is_cancelled(watched: Scene) -> None:
    await watched.call_and_leave()
    await watched.call_and_leave(UpstreamTimeout("silent"))
    assert watched.counts.attempts == {
        ("one", "cancelled"): 1,
        ("one", "provider_timeout"): 1,
        ("two", "cancelled"): 1,
    }


async def test_a_cooldown_is_counted_when_it_begins(watched: Scene) -> None:
    limit = UpstreamRejected("slow down", kind=ErrorKind.RATE_LIMIT, retry_after_s=60.0)
    await watched.call(UpstreamRejected("no such key", kind=ErrorKind.AUTH))
    await watched.call(limit)
    watched.clock.now_s += 2.0
    await watched.call(UpstreamUnavailable("its probe"))
    assert watched.counts.cooldowns == {("one", Cooldown.FAILURES): 1, ("two", Cooldown.RATE_LIMIT): 1}


async def test_a_scrape_tells_how_every_deployment_stands(watched: Scene) -> None:
    told = samples(watched)
    for deployment in DEPLOYMENTS:
        assert told["feathergate_deployment_state", deployment.id, ""] == 0
        assert told["feathergate_deployment_in_flight", deployment.id, ""] == 0
    next(watched.roster.standings()).standing.in_flight = 3
    await watched.fails_until_left_alone(UpstreamUnavailable("refused"))
    told = samples(watched)
    assert told["feathergate_deployment_state", "one", ""] == 2
    assert told["litellm_deployment_state", "one", ""] == 2
    assert told["feathergate_deployment_in_flight", "one", ""] == 3
    assert told["feathergate_attempts_total", "one", "provider_unavailable"] == 5
    assert told["feathergate_attempts_total", "three", "ok"] == 5
    assert told["feathergate_retries_total", "two", ""] == 5
    assert told["feathergate_fallbacks_total", "three", ""] == 5
    assert told["feathergate_deployment_cooldowns_total", "two", "failures"] == 1


async def test_the_page_about_routing_lists_every_family(watched: Scene) -> None:
    page = (ROOT / "docs" / "routing.md").read_text("utf-8")
    for family in RoutingCollector(watched.roster, watched.counts).collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        assert f"`{name}`" in page
