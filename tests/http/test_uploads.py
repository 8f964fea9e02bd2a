"""Forms with files, however they arrive."""

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from quart import Request
from werkzeug.datastructures import Headers

from adapters.http.uploads import Form, receive_form, uploading
from domain.errors import MalformedRequest, RequestTooLarge

MOST = 5_000
FORM = "multipart/form-data; boundary=the-boundary"


@dataclass
class InMemory:
    """An upload that ends nowhere."""

    content: bytearray = field(default_factory=bytearray)

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def write(self, data: bytes) -> None:
        self.content += data

    def discard(self) -> None:
        self.content.clear()


def request(content_type: str = FORM, length: int | None = None, path: str = "/v1/files") -> Request:
    async def push(*_: object) -> None: ...

    headers = Headers({"content-type": content_type, "host": "localhost"})
    if length is not None:
        headers["content-length"] = str(length)
    scope: Any = {"type": "http", "asgi": {}, "http_version": "1.1", "headers": []}
    return uploading(["/v1/files"], MOST)(
        "POST", "http", path, b"", headers, "", "1.1", scope, max_content_length=100, send_push_promise=push
    )


def part(disposition: str, content: bytes) -> bytes:
    return b"--the-boundary\r\ncontent-disposition: form-data; %b\r\n\r\n%b\r\n" % (disposition.encode(), content)


def form_of(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--the-boundary--\r\n"


async def received(
    pieces: Iterable[bytes], upload: InMemory, *, ends: bool = True, idle_s: float = 5.0, content_type: str = FORM
) -> Form:
    asked = request(content_type)

    async def feed() -> None:
        for piece in pieces:
            asked.body.append(piece)
            await asyncio.sleep(0)
        if ends:
            asked.body.set_complete()

    async with asyncio.TaskGroup() as group:
        group.create_task(feed())
        return await receive_form(asked, upload, max_upload_bytes=MOST, idle_s=idle_s)


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


@example(bytes(7), [740], True)  # found: half a line break was taken for content
@example(bytes(5), [534, 548], False)
@given(
    st.binary(max_size=400) | st.text("\r\n-theboundary", max_size=200).map(str.encode),
    st.lists(st.integers(0, 2_000), max_size=8),
    st.booleans(),
)
@settings(max_examples=300)
def test_any_split_of_the_bytes_is_the_same_form(content: bytes, places: list[int], purpose_first: bool) -> None:
    content = content.replace(b"--the-boundary", b"")
    parts = [part('name="purpose"', b"batch"), part('name="file"; filename="a b.jsonl"', content)]
    upload = InMemory()
    body = form_of(*(parts if purpose_first else parts[::-1]))
    form = asyncio.run(received(cut(body, places), upload))
    assert form == Form(file_name="a b.jsonl", fields={"purpose": "batch"})
    assert bytes(upload.content) == content


@given(st.binary(max_size=200), st.lists(st.integers(0, 500), max_size=4))
def test_garbage_is_refused_and_nothing_else(body: bytes, places: list[int]) -> None:
    try:
        asyncio.run(received(cut(body, places), InMemory()))
    except* MalformedRequest:
        pass


@given(st.integers(0, 200))
def test_what_is_cut_short_is_refused(end: int) -> None:
    body = form_of(part('name="file"; filename="f"', b"x" * 100))
    with pytest.raises(ExceptionGroup) as refused:
        asyncio.run(received([body[: min(end, len(body) - 5)]], InMemory()))
    assert refused.group_contains(MalformedRequest, match="cut short")


@pytest.mark.parametrize(("size", "fits"), [(MOST, True), (MOST + 1, False), (200_000, False)])
def test_the_limit_is_the_files(size: int, fits: bool) -> None:
    upload = InMemory()
    body = form_of(part('name="file"; filename="f"', b"x" * size))
    if fits:
        asyncio.run(received(cut(body, range(0, size, 1_000)), upload))
        assert upload.size_bytes == size
        return
    with pytest.raises(ExceptionGroup) as refused:
        asyncio.run(received(cut(body, range(0, size, 1_000)), upload))
    assert refused.group_contains(RequestTooLarge, match="max_upload_mb")


async def test_a_declared_length_is_enough_to_refuse() -> None:
    with pytest.raises(RequestTooLarge):
        await receive_form(request(length=1_000_000), InMemory(), max_upload_bytes=MOST)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part('name="file"; filename="a"', b"1"), part('name="file"; filename="b"', b"2")], "one file"),
        ([part('name="other"; filename="a"', b"1")], "one file"),
        ([part('name="purpose"', b"x" * 70_000)], "parts of at most"),
        ([part('name="purpose"', b"x")] * 33, "at most 32 parts"),
        ([part("x=y", b"x")], "parts with names"),
        ([part(f'name="purpose"; x="{"y" * 2_000_000}"', b"x")], "headers of at most"),
    ],
)
def test_forms_of_another_kind_are_refused(parts: list[bytes], message: str) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        asyncio.run(received([form_of(*parts)], InMemory()))
    assert refused.group_contains(MalformedRequest, match=message)


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data", "multipart/form-data; boundary=é"]
)
async def test_other_bodies_are_refused(content_type: str) -> None:
    with pytest.raises(MalformedRequest, match="content-type"):
        await receive_form(request(content_type), InMemory(), max_upload_bytes=MOST)


def test_a_client_that_falls_silent_is_refused() -> None:
    with pytest.raises(ExceptionGroup) as refused:
        asyncio.run(received([b"--the-boundary"], InMemory(), ends=False, idle_s=0.01))
    assert refused.group_contains(MalformedRequest, match="silent")


def test_only_uploads_may_be_large() -> None:
    assert request(length=MOST).body._must_raise is None
    assert request(length=MOST, path="/v1/batches").body._must_raise is not None
