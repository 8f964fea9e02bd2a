import json
from typing import Any

import pytest

from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import GATEWAY_MEMBERS, is_gateway_member, split_gateway_members


def split(**members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    clean, taken = split_gateway_members(Envelope.decode(json.dumps(members).encode()))
    return clean.document(), taken


@pytest.mark.parametrize("name", [*sorted(GATEWAY_MEMBERS), "mock_testing_fallbacks", "litellm_session_id"])
def test_the_gateways_own_never_leave(name: str) -> None:
    assert split(model="m", **{name: 1}) == ({"model": "m"}, {name: 1})


@pytest.mark.parametrize("name", ["model", "user", "thinking", "reasoning_effort", "seed", "unheard_of"])
def test_the_upstreams_own_stay(name: str) -> None:
    assert not is_gateway_member(name)
    assert split(**{name: "x"}) == ({name: "x"}, {})


def test_of_metadata_only_the_tags_are_taken() -> None:
    assert split(metadata={"tags": ["a"], "k": "v"}) == ({"metadata": {"k": "v"}}, {"metadata": {"tags": ["a"]}})
    assert split(metadata={"tags": ["a"]}) == ({}, {"metadata": {"tags": ["a"]}})
    assert split(metadata={"k": "v"}) == ({"metadata": {"k": "v"}}, {})
    assert split(metadata="odd") == ({"metadata": "odd"}, {})


def test_nothing_to_take_changes_nothing() -> None:
    envelope = Envelope.decode(b'{"model":"m"}')
    assert split_gateway_members(envelope) == (envelope, {})
