"""Every combination of scenario, shape, mode, client and upstream, each with a group of its own in one gateway."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.routing import speech
from tests.e2e.routing.formats import FORMATS
from tests.e2e.routing.raw_clients import CLIENTS
from tests.e2e.routing.scenarios import SCENARIOS, SHAPES, Scenario
from tests.e2e.routing.speech import Fault, Speech
from tests.e2e.scripted_upstream import Script, ScriptedUpstream

ALONE, WITH_SECOND, WITH_FALLBACK = SHAPES
_PREFIXES = {"chat": "hosted_vllm", "responses": "openai/responses", "messages": "anthropic", "gemini": "gemini"}
_VERSIONED = ("chat", "responses")
_NEARLY_ALWAYS, _HARDLY_EVER = 1e9, 1
"""Weights: the failing deployment is chosen first, the healthy one is there when it is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One question: `name` is the group asked for, by which its deployments are told from all others."""

    name: str
    scenario: Scenario
    shape: str
    stream: bool
    client: str
    upstream: str

    @property
    def first(self) -> str:
        return f"{self.name}-first"

    @property
    def other(self) -> str:
        """The second deployment, or the one of the fallback group."""
        return f"{self.name}-{'fallback' if self.shape == WITH_FALLBACK else 'second'}"

    @property
    def expected(self) -> str:
        """How it has to end."""
        return self.scenario.ending[SHAPES.index(self.shape)]

    def scripts(self) -> Iterator[tuple[str, Script]]:
        """What its deployments do, by their models."""
        speech_ = Speech(FORMATS[self.upstream], self.stream)
        if self.scenario.fault is not None:
            yield self.first, _playing(self.scenario.fault, speech_)
        if self.shape != ALONE:
            yield self.other, _playing(speech.good, speech_)

    def deployments(self, base: str, refusing: str) -> Iterator[dict[str, Any]]:
        """Its deployments, as litellm's configuration has them."""
        address = refusing if self.scenario.fault is None else base
        yield self._deployment(self.name, self.first, address, weight=_NEARLY_ALWAYS)
        if self.shape == WITH_SECOND:
            yield self._deployment(self.name, self.other, base, weight=_HARDLY_EVER)
        if self.shape == WITH_FALLBACK:
            yield self._deployment(self.other, self.other, base)

    def _deployment(self, group: str, model: str, base: str, **params: Any) -> dict[str, Any]:
        reached = {
            "model": f"{_PREFIXES[self.upstream]}/{model}",
            "api_base": f"{base}/v1" if self.upstream in _VERSIONED else base,
            "api_key": "sk-upstream-key",
            **params,
        }
        about: dict[str, Any] = {"id": model, "supports_reasoning": False}
        if self.upstream == "chat":
            about["dialects"] = ["openai_chat"]
        return {"model_name": group, "litellm_params": reached, "model_info": about}


def _playing(fault: Fault, speech_: Speech) -> Script:
    return lambda _, call: fault(speech_, call)


def cells(scenarios: Iterable[Scenario] = SCENARIOS, prefix: str = "c") -> tuple[Cell, ...]:
    """Every client before an upstream of Chat Completions, in every shape; and each other upstream before its own
    client, beside a second one.
    """
    found = (
        (scenario, shape, stream, client, upstream)
        for scenario in scenarios
        for stream in scenario.modes
        for client, upstream, shape in _constellations()
        if upstream in scenario.formats
    )
    return tuple(
        Cell(
            name=f"{prefix}{number}",
            scenario=scenario,
            shape=shape,
            stream=stream,
            client=client,
            upstream=upstream,
        )
        for number, (scenario, shape, stream, client, upstream) in enumerate(found)
    )


def _constellations() -> Iterator[tuple[str, str, str]]:
    yield from ((client, "chat", shape) for client in CLIENTS for shape in SHAPES)
    yield from ((name, name, WITH_SECOND) for name in CLIENTS if name != "chat")


def configuration(
    cells_: Iterable[Cell], base: str, refusing: str, routing: Mapping[str, Any] | None = None
) -> str:
    """The gateway's configuration for these cells; JSON is YAML."""
    fallbacks: dict[str, list[dict[str, list[str]]]] = {}
    for cell in cells_:
        if cell.shape == WITH_FALLBACK:
            fallbacks.setdefault(cell.scenario.fallbacks, []).append({cell.name: [cell.other]})
    document = {
        "model_list": [entry for cell in cells_ for entry in cell.deployments(base, refusing)],
        "router_settings": {"num_retries": 2, **fallbacks},
        "general_settings": {"master_key": MASTER_KEY},
        "feathergate": {
            "log_format": "json",
            "limits": {"first_byte_timeout_s": speech.FIRST_BYTE_S, "idle_timeout_s": speech.IDLE_S},
            "routing": {"ttft_timeout": speech.FIRST_EVENT_S, **(routing or {})},
        },
    }
    return json.dumps(document)


def rehearse(upstream: ScriptedUpstream, cells_: Iterable[Cell]) -> None:
    """Give the upstream its scripts."""
    for cell in cells_:
        upstream.scripts.update(cell.scripts())
