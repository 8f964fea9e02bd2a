"""Files and batches by the official OpenAI client, on both servers, in every way that one can end."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.batch_clients import (
    CHAT,
    CONCURRENCY,
    KEY,
    begin,
    config,
    ended,
    ids,
    keeping,
    line,
    lines,
    openai_client,
    results,
    until,
)
from tests.e2e.gated_upstream import REFUSED, GatedUpstream, gated_upstream
from tests.e2e.gateway import Gateway, run_command, running_gateway

FOREVER = float("inf")


@pytest.fixture(scope="module")
def upstream() -> Iterator[GatedUpstream]:
    with gated_upstream() as running:
        running.let(FOREVER)
        yield running


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def gateway(
    request: pytest.FixtureRequest, upstream: GatedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    with keeping(tmp_path_factory.mktemp(request.param), upstream, "--server", request.param) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai_client(gateway) as client:
        yield client


def test_a_batch_from_upload_to_results(client: openai.OpenAI) -> None:
    content = b"\n".join([line("good", "hello"), line("bad", REFUSED), line("own", "hi", "echo"), b""])
    uploaded = client.files.create(file=("my/../in put.jsonl", content), purpose="batch")
    assert (uploaded.bytes, uploaded.purpose, uploaded.filename) == (len(content), "batch", "my/../in put.jsonl")
    assert client.files.content(uploaded.id).content == content

    batch = client.batches.create(
        input_file_id=uploaded.id, endpoint=CHAT, completion_window="24h", metadata={"who": "me"}
    )
    assert (batch.status, batch.metadata, batch.endpoint) == ("validating", {"who": "me"}, CHAT)
    assert batch.expires_at == batch.created_at + 24 * 60 * 60
    batch = ended(client, batch.id, "completed")
    assert batch.request_counts is not None
    assert batch.request_counts.to_dict() == {"total": 3, "completed": 2, "failed": 1}
    assert batch.usage is not None
    output_of = {
        one["custom_id"]: one["response"]["body"]["usage"] for one in results(client, batch.output_file_id)
    }
    assert batch.usage.total_tokens == sum(usage["total_tokens"] for usage in output_of.values()) > 0
    assert batch.in_progress_at is not None
    assert batch.in_progress_at <= (batch.finalizing_at or 0) <= (batch.completed_at or 0)

    output = {one["custom_id"]: one for one in results(client, batch.output_file_id)}
    assert output.keys() == {"good", "own"}
    assert output["good"]["response"]["status_code"] == 200
    assert output["good"]["error"] is None
    assert output["good"]["response"]["body"]["choices"][0]["message"]["content"] == "re: hello"
    (failed,) = results(client, batch.error_file_id)
    assert (failed["custom_id"], failed["response"]["status_code"]) == ("bad", 400)

    kept = {file.id: file.purpose for file in client.files.list()}
    assert {kept[str(batch.output_file_id)], kept[str(batch.error_file_id)]} == {"batch_output"}
    for file_id in (uploaded.id, str(batch.output_file_id)):
        assert client.files.delete(file_id).deleted
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(file_id)
        with pytest.raises(openai.NotFoundError):
            client.files.content(file_id)
    assert client.batches.retrieve(batch.id).status == "completed"


def test_mistakes_are_told_by_their_lines(client: openai.OpenAI, upstream: GatedUpstream) -> None:
    asked = upstream.asked.total()
    content = b"\n".join(
        [
            line("a", "x"),
            b"not json",
            line("a", "y"),
            line("b", "x", url="/v1/embeddings"),
            b'{"model": "gpt", "messages": []}',
        ]
    )
    batch = ended(client, begin(client, content).id, "failed")
    assert batch.errors is not None
    found = [(one.line, one.code) for one in batch.errors.data or ()]
    assert found == [
        (2, "invalid_json_line"),
        (3, "duplicate_custom_id"),
        (4, "invalid_url"),
        (5, "missing_required_parameter"),
    ]
    assert batch.output_file_id is None
    assert upstream.asked.total() == asked


@pytest.mark.parametrize(
    ("endpoint", "body", "kind"),
    [
        ("/v1/responses", {"input": "hi"}, "response"),
        ("/v1/embeddings", {"input": ["a", "b"]}, "list"),
        ("/v1/completions", {"prompt": "hi"}, "text_completion"),
    ],
)
def test_every_endpoint_answers_in_its_own_words(
    client: openai.OpenAI, endpoint: Any, body: dict[str, Any], kind: str
) -> None:
    request = {"custom_id": "a", "method": "POST", "url": endpoint, "body": {"model": "echo", **body}}
    file = client.files.create(file=("in.jsonl", json.dumps(request).encode()), purpose="batch")
    made = client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")
    batch = ended(client, made.id, "completed")
    (found,) = results(client, batch.output_file_id)
    assert found["response"]["body"]["object"] == kind


def test_heads_have_no_bodies_and_azures_client_finds_the_way(gateway: Gateway, client: openai.OpenAI) -> None:
    file = client.files.create(file=("in.jsonl", b"12345"), purpose="batch")
    url = f"{gateway.base}/v1/files/{file.id}/content"
    head = httpx.head(url, headers={"authorization": f"Bearer {KEY}"})
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "5", b"")
    with openai.AzureOpenAI(
        azure_endpoint=gateway.base, api_key=KEY, api_version="2024-10-21", max_retries=0
    ) as azure:
        assert azure.files.retrieve(file.id).bytes == 5
        assert len(azure.batches.list(limit=1).data) <= 1


def test_an_empty_file_fails(client: openai.OpenAI) -> None:
    batch = ended(client, begin(client, b"\n \n").id, "failed")
    assert batch.errors is not None
    assert [one.code for one in batch.errors.data or ()] == ["empty_file"]


def test_lists_go_by_pages(client: openai.OpenAI) -> None:
    made = [begin(client, line("a", "x", "echo")).id for _ in range(5)][::-1]
    for batch_id in made:
        ended(client, batch_id, "completed")
    first = client.batches.list(limit=2)
    assert ([batch.id for batch in first.data], first.has_more) == (made[:2], True)
    everything = [batch.id for batch in client.batches.list(limit=2)]
    assert everything[:5] == made
    assert len(everything) == len(set(everything))
    assert [batch.id for batch in client.batches.list(limit=2, after=everything[-1])] == []
    newest = [file.id for file in client.files.list(limit=3, purpose="batch")]
    oldest = [file.id for file in client.files.list(limit=3, purpose="batch", order="asc")]
    assert newest == oldest[::-1]
    assert all(file.purpose == "batch_output" for file in client.files.list(purpose="batch_output"))
    for limit in ("0", "101", "x", "-1", "²"):
        answer = httpx.get(
            f"{client.base_url}batches", params={"limit": limit}, headers={"authorization": f"Bearer {KEY}"}
        )
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "limit")
    with pytest.raises(openai.BadRequestError, match="after"):
        client.batches.list(after="batch_nobody")


@pytest.mark.parametrize("prefix", ["", "/v1", "/openai/v1", "/openai"])
def test_every_prefix_leads_there(gateway: Gateway, prefix: str) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    for name in ("files", "batches"):
        assert httpx.get(f"{gateway.base}{prefix}/{name}", headers=headers).json()["object"] == "list"
        assert httpx.get(f"{gateway.base}{prefix}/{name}").status_code == 401


@pytest.mark.parametrize(
    "file_id",
    [
        "file-0",
        "..%2f..%2fbatches.sqlite",
        "..%2Ffiles",
        "file-" + "g" * 32,
        "file-%00",
        "file-" + "0" * 32,
        "x" * 5000,
    ],
)
def test_ids_lead_nowhere_else(gateway: Gateway, file_id: str) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    for below in ("", "/content"):
        answer = httpx.get(f"{gateway.base}/v1/files/{file_id}{below}", headers=headers)
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"
    assert httpx.delete(f"{gateway.base}/v1/files/{file_id}", headers=headers).status_code == 404
    assert httpx.get(f"{gateway.base}/v1/batches/{file_id}", headers=headers).status_code == 404


def test_what_cannot_be_a_batch_is_refused(client: openai.OpenAI) -> None:
    file = client.files.create(file=("in.jsonl", line("a", "x", "echo")), purpose="batch")
    good = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}
    for change, param in (
        ({"endpoint": "/v1/moderations"}, "endpoint"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"metadata": {"a": 5}}, "metadata"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 3600}}, "output_expires_after"),
        ({"priority": "high"}, "priority"),
        ({"input_file_id": None}, "input_file_id"),
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            client.post("/batches", body={**good, **change}, cast_to=object)
        assert refused.value.param == param
    for nobody in ("file-" + "0" * 32, "../batches.sqlite"):
        with pytest.raises(openai.NotFoundError) as missing:
            client.post("/batches", body={**good, "input_file_id": nobody}, cast_to=object)
        assert missing.value.param == "input_file_id"
    batch = ended(client, client.post("/batches", body=good, cast_to=openai.types.Batch).id, "completed")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.post("/batches", body={**good, "input_file_id": batch.output_file_id}, cast_to=object)
    with pytest.raises(openai.BadRequestError, match="completed"):
        client.batches.cancel(batch.id)
    for purpose in ("assistants", "vision"):
        with pytest.raises(openai.BadRequestError, match="purpose"):
            client.files.create(file=("in.jsonl", b"x"), purpose=purpose)
    with pytest.raises(openai.BadRequestError, match="expires_after"):
        client.files.create(
            file=("in.jsonl", b"x"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
        )


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"purpose": (None, "batch"), "file": (None, "content")}, "a part with a filename"),
        ({"purpose": (None, "batch"), "file": ("in.jsonl", "content"), "more": (None, "x")}, "no parts but"),
        ({"file": ("in.jsonl", "content")}, "purpose: expected 'batch'"),
    ],
)
def test_a_form_of_another_kind_says_what_is_wrong(gateway: Gateway, parts: Any, message: str) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    answer = httpx.post(f"{gateway.base}/v1/files", files=parts, headers=headers)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_a_cancelled_batch_finishes_what_it_asked(tmp_path: Path) -> None:
    with gated_upstream() as upstream, keeping(tmp_path, upstream) as gateway, openai_client(gateway) as client:
        batch = begin(client, lines(300))
        upstream.let(6)
        counts = {"total": 300, "completed": 6, "failed": 0}
        upstream.wait_for(6 + CONCURRENCY)
        with pytest.raises(openai.BadRequestError, match=batch.id):
            client.files.delete(batch.input_file_id)
        until(lambda: client.batches.retrieve(batch.id).to_dict()["request_counts"] == counts)
        cancelling = client.batches.cancel(batch.id)
        assert cancelling.status == "cancelling"
        assert client.batches.cancel(batch.id).status == "cancelling"
        assert cancelling.cancelling_at is not None

        def is_cancelled() -> bool:
            upstream.let(1)
            return client.batches.retrieve(batch.id).status == "cancelled"

        until(is_cancelled)
        batch = client.batches.retrieve(batch.id)
        assert upstream.most_at_once == CONCURRENCY
        output, unasked = results(client, batch.output_file_id), results(client, batch.error_file_id)
        assert len(output) == upstream.asked.total() < 300
        assert {one["error"]["code"] for one in unasked} == {"batch_cancelled"}
        assert sorted(ids(output) + ids(unasked)) == sorted(f"id-{number}" for number in range(300))
        assert client.files.delete(batch.input_file_id).deleted


@pytest.mark.parametrize("chunked", [False, True])
def test_uploads_have_a_limit_of_their_own(tmp_path: Path, chunked: bool) -> None:
    limits = ", max_upload_mb: 1"
    small = config(tmp_path, more_limits=limits).replace("master_key:", "max_request_size_mb: 0.1, master_key:")
    with running_gateway(small, tmp_path) as gateway, openai_client(gateway) as client:
        for size, fits in ((1024 * 1024, True), (1024 * 1024 + 1, False), (3 * 1024 * 1024, False)):
            boundary = b"--x\r\ncontent-disposition: form-data; name="
            form = b'%b"purpose"\r\n\r\nbatch\r\n%b"file"; filename="f"\r\n\r\n%b\r\n--x--\r\n' % (
                boundary,
                boundary,
                b"y" * size,
            )
            headers = {"authorization": f"Bearer {KEY}", "content-type": "multipart/form-data; boundary=x"}
            body = iter([form[start : start + 65_536] for start in range(0, len(form), 65_536)])
            answer = httpx.post(f"{gateway.base}/v1/files", content=body if chunked else form, headers=headers)
            assert answer.status_code == (200 if fits else 413), answer.text
            if not fits:
                assert "max_upload_mb" in answer.json()["error"]["message"]
        assert [file.bytes for file in client.files.list()] == [1024 * 1024]
        assert list((tmp_path / "kept" / "uploads").iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    head = f"POST /v1/files HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
    head += "content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n"
    begun = '--x\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nhalf of it'
    uploads = tmp_path / "kept" / "uploads"
    with keeping(tmp_path) as gateway, openai_client(gateway) as client:
        url = httpx.URL(gateway.base)
        with socket.create_connection((url.host, url.port or 80)) as connection:
            connection.sendall((head + begun).encode())
            until(lambda: any(path.stat().st_size for path in uploads.iterdir()))
        until(lambda: not list(uploads.iterdir()))

        uploads.rmdir()
        uploads.write_bytes(b"in the way")
        with pytest.raises(openai.InternalServerError) as refused:
            client.files.create(file=("in.jsonl", b"x"), purpose="batch")
        assert (refused.value.status_code, refused.value.code) == (507, "storage_failed")


def test_a_directory_that_cannot_be_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"a file")
    (tmp_path / "gateway.yaml").write_text(config(tmp_path), encoding="utf-8")
    ended_with = run_command("serve", "--config", str(tmp_path / "gateway.yaml"), "--port", "0")
    assert ended_with.returncode != 0
    assert "feathergate.data_dir" in ended_with.stderr
    assert "Traceback" not in ended_with.stderr


def test_without_a_directory_it_says_what_to_set(tmp_path: Path) -> None:
    without = "model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]"
    with running_gateway(without, tmp_path) as gateway, openai_client(gateway) as client:
        with pytest.raises(openai.InternalServerError, match=r"feathergate\.data_dir") as refused:
            client.files.create(file=b"x", purpose="batch")
        assert refused.value.code == "batches_not_configured"
        with pytest.raises(openai.InternalServerError, match=r"feathergate\.data_dir"):
            client.batches.retrieve("batch_1")
        answer = httpx.get(f"{gateway.base}/v1/messages/batches").json()
        assert answer["type"] == "error"
        assert "feathergate.data_dir" in answer["error"]["message"]
