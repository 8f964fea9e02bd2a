"""A body that needs nothing but a name is sent as the thorough way would send it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.contract import Target
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.chat_body import ChatFitting
from domain.json_types import JSON
from domain.models.catalogue import profile_for

MEMBERS = ("temperature", "max_tokens", "max_completion_tokens", "reasoning_effort", "logit_bias", "seed", "model")
VALUES = st.sampled_from([None, 1, 0, "none", "high", {"50256": -100}])
BODIES = st.dictionaries(
    st.sampled_from((*MEMBERS, "stream_options")), VALUES | st.just({"include_usage": False}), max_size=5
)
QUIRKS = st.builds(
    ChatQuirks,
    max_tokens_field=st.sampled_from(["max_tokens", "max_completion_tokens"]),
    stream_usage=st.booleans(),
    unsupported=st.frozensets(st.sampled_from(MEMBERS[:-1])),
)


def target(model: str) -> Target:
    return Target(provider="openai", family="openai", model=model, profile=profile_for("openai", model))


@given(
    BODIES,
    QUIRKS,
    st.sampled_from(["gpt-4o", "gpt-5"]),
    st.dictionaries(st.sampled_from(MEMBERS[:-1]), st.just("renamed"), max_size=1),
    st.frozensets(st.sampled_from(MEMBERS)),
    st.booleans(),
)
def test_the_short_way_sends_what_the_long_one_does(
    body: dict[str, JSON],
    quirks: ChatQuirks,
    model: str,
    renames: dict[str, str],
    allowed: frozenset[str],
    streamed: bool,
) -> None:
    fitting = ChatFitting(quirks, target(model), renames)
    envelope = Envelope.decode(json_codec.encode(body))

    def fitted(extra_body: dict[str, JSON]) -> tuple[object, ...]:
        out, losses = fitting.fit(envelope, allowed=allowed, extra_body=extra_body, streamed=streamed)
        return out.document(), losses

    # An `extra_body` is reason to take the long way, and this one changes nothing.
    assert fitted({}) == fitted({"model": model})


@pytest.mark.parametrize("streamed", [False, True])
def test_values_keep_their_bytes(streamed: bool) -> None:
    fitting = ChatFitting(ChatQuirks(), target("gpt-4o"), {})
    envelope = Envelope.decode(b'{"model": "asked", "messages": [ 1.50, "\\u00e9" ],"seed":1e2}')
    out, losses = fitting.fit(envelope, allowed=frozenset(), extra_body={}, streamed=streamed)
    assert not losses
    usage = b',"stream_options":{"include_usage":true}' if streamed else b""
    assert out.encode() == b'{"model":"gpt-4o","messages":[ 1.50, "\\u00e9" ],"seed":1e2' + usage + b"}"
