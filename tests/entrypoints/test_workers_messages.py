import itertools

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.workers_messages import (
    Count,
    Counted,
    Drain,
    FromSupervisor,
    FromWorker,
    Hurry,
    Inbox,
    Retire,
    Scraped,
    Serving,
    Totals,
    decode_from_supervisor,
    decode_from_worker,
    encode_message,
)

NUMBERS = st.integers(0, 2**32)
SNAPSHOTS = st.lists(NUMBERS, max_size=5).map(lambda numbers: msgspec.Raw(msgspec.msgpack.encode(numbers)))
FROM_WORKER: st.SearchStrategy[FromWorker] = st.one_of(
    st.just(Serving()), st.builds(Counted, SNAPSHOTS, NUMBERS), st.builds(Scraped, NUMBERS)
)
TOTALS = st.builds(
    Totals,
    number=NUMBERS,
    snapshots=st.lists(SNAPSHOTS, max_size=3).map(tuple),
    pids=st.lists(NUMBERS, max_size=3).map(tuple),
    gone_cpu_s=st.floats(0, 1e6),
    serving=NUMBERS,
    restarts=NUMBERS,
)
FROM_SUPERVISOR: st.SearchStrategy[FromSupervisor] = st.one_of(
    st.sampled_from([Retire(), Drain(), Hurry()]), st.builds(Count, NUMBERS), TOTALS
)


def arrived(messages: list[FromWorker] | list[FromSupervisor], cuts: list[int]) -> list[bytes]:
    """What an inbox makes of the messages, cut at any places."""
    stream = b"".join(map(encode_message, messages))
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    inbox = Inbox()
    return [body for start, end in itertools.pairwise(places) for body in inbox.feed(stream[start:end])]


@given(st.lists(FROM_WORKER, max_size=5), st.lists(NUMBERS, max_size=5))
def test_what_workers_say_arrives_however_it_is_cut(messages: list[FromWorker], cuts: list[int]) -> None:
    assert list(map(decode_from_worker, arrived(messages, cuts))) == messages


@given(st.lists(FROM_SUPERVISOR, max_size=5), st.lists(NUMBERS, max_size=5))
def test_what_the_supervisor_says_arrives_however_it_is_cut(
    messages: list[FromSupervisor], cuts: list[int]
) -> None:
    assert list(map(decode_from_supervisor, arrived(messages, cuts))) == messages
