import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.sse import Frame, FrameDecoder
from tests.strategies import canonical

BLANKS = ["\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\n"]


def frames_of(chunks: list[bytes]) -> list[Frame]:
    decoder = FrameDecoder()
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.finish()


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """A stream and the (event, data) pairs it must tell."""
    text, told = "", []
    for _ in range(draw(st.integers(0, 4))):
        newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
        space = draw(st.sampled_from(["", " "]))
        lines = draw(
            st.lists(
                canonical.words(6).map(lambda word: "x" + word.replace("\n", "").replace("\r", "")), max_size=2
            )
        )
        event = draw(st.sampled_from(["", "message", "error"]))
        parts = [f"data:{space}{line}" for line in lines]
        parts += [f"event: {event}"] if event else []
        parts += [": comment"] if draw(st.booleans()) or not parts else []
        text += newline.join(parts) + newline * 2
        told.append((event, "\n".join(lines).encode() if lines else None))
    return text.encode(), told


@given(streams(), st.data())
def test_any_split_gives_the_same_frames(
    made: tuple[bytes, list[tuple[str, bytes | None]]], data: st.DataObject
) -> None:
    stream, told = made
    frames = frames_of(data.draw(canonical.splits(stream)))
    assert [(frame.event, frame.data) for frame in frames] == told
    assert b"".join(frame.raw for frame in frames) == stream


@given(streams(), st.sampled_from([b"{}", b"[1,\n2]", b"x"]))
def test_a_frame_with_other_data_differs_in_nothing_else(
    made: tuple[bytes, list[tuple[str, bytes | None]]], data: bytes
) -> None:
    frames = frames_of([made[0]])
    changed = frames_of([frame.with_data(data) for frame in frames])
    assert [(frame.event, frame.data) for frame in changed] == [(frame.event, data) for frame in frames]
    assert all(frame.with_data(frame.data) == frame.raw for frame in frames if frame.data is not None)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_frame_is_closed_whatever_it_lacks(cut: int) -> None:
    (frame,) = frames_of([b"event: a\ndata: b\n\n"[: len(b"event: a\ndata: b\n\n") - cut]])
    assert frame.closed == b"event: a\ndata: b\n\n"


@given(st.text("ad:\r\n ", max_size=40), st.data())
def test_any_bytes_in_any_split(text: str, data: st.DataObject) -> None:
    stream = text.encode()
    assert frames_of(data.draw(canonical.splits(stream))) == frames_of([stream])


@pytest.mark.parametrize("blank", BLANKS)
def test_every_kind_of_blank_line_ends_a_frame(blank: str) -> None:
    frames = frames_of([f"data: a{blank}data: b{blank}".encode()])
    assert [frame.data for frame in frames] == [b"a", b"b"]


@pytest.mark.parametrize(
    ("stream", "event", "data"),
    [
        (b"data: a\ndata: b\n\n", "", b"a\nb"),
        (b"data:a\n\n", "", b"a"),
        (b"data:  a\n\n", "", b" a"),
        (b"data\n\n", "", b""),
        (b"\xef\xbb\xbfdata: a\n\n", "", b"a"),
        (b"id: 1\nretry: 5\nevent: e\ndata: a\n\n", "e", b"a"),
        (b": ping\n\n", "", None),
        ("data: a\u2028b\x85c\n\n".encode(), "", "a\u2028b\x85c".encode()),
        (b"data: cut short", "", b"cut short"),
    ],
)
def test_fields(stream: bytes, event: str, data: bytes | None) -> None:
    assert frames_of([stream]) == [Frame(event, data, stream)]


def test_blank_lines_alone_tell_nothing() -> None:
    assert [frame.data for frame in frames_of([b"data: a\n\n", b"\n", b"\r\n", b"\n"])] == [b"a", None]


def test_a_frame_is_bounded() -> None:
    decoder: Any = FrameDecoder(max_frame_bytes=10)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        decoder.feed(b"data: 0123456789")


def test_a_long_frame_in_small_chunks_takes_no_quadratic_time() -> None:
    began = time.perf_counter()
    (frame,) = frames_of([b"data: ", *[b"x" * 1_000] * 16_000, b"\n\n"])
    assert frame.data == b"x" * 16_000_000
    assert time.perf_counter() - began < 2  # it takes 0.1 s; copied or searched anew for every chunk, 20 s
