"""The outbound port's values."""

from adapters.upstream.port import DEFAULT_LIMITS, Origin, UpstreamRequest


def test_keys_in_headers_are_in_no_repr() -> None:
    origin = Origin(scheme="https", host="api.example", port=443)
    request = UpstreamRequest(
        origin=origin, target="/v1", headers=(("Authorization", "Bearer sk-secret"),), body=b"{}"
    )
    assert "sk-secret" not in repr(request)
    assert "api.example" in repr(request)


def test_nothing_lasts_for_ever_unless_asked_to() -> None:
    limits = DEFAULT_LIMITS
    phases = (limits.connect_s, limits.first_byte_s, limits.idle_s)
    assert limits.total_s is not None
    assert all(0 < phase < limits.total_s for phase in phases)


def test_a_stream_may_be_silent_for_half_a_minute() -> None:
    assert DEFAULT_LIMITS.idle_s == 30
    assert DEFAULT_LIMITS.first_chunk_s is None
