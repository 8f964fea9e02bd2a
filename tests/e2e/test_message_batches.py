"""Message batches by the official Anthropic client, against an upstream of another vendor's dialect."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest

from tests.e2e.batch_clients import CONCURRENCY, KEY, anthropic_client, keeping, openai_client, until
from tests.e2e.gated_upstream import REFUSED, GatedUpstream, gated_upstream
from tests.e2e.gateway import Gateway

FOREVER = float("inf")


@pytest.fixture(scope="module")
def upstream() -> Iterator[GatedUpstream]:
    with gated_upstream() as running:
        running.let(FOREVER)
        yield running


@pytest.fixture(scope="module")
def gateway(upstream: GatedUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with keeping(tmp_path_factory.mktemp("kept"), upstream) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic_client(gateway) as client:
        yield client


def wanted(custom_id: str, prompt: str, **more: Any) -> Any:
    params = {"model": "gpt", "max_tokens": 50, "messages": [{"role": "user", "content": prompt}], **more}
    return {"custom_id": custom_id, "params": params}


def has_ended(client: anthropic.Anthropic, batch_id: str) -> bool:
    return client.messages.batches.retrieve(batch_id).processing_status == "ended"


def test_a_batch_from_its_creation_to_its_deletion(client: anthropic.Anthropic, gateway: Gateway) -> None:
    batches = client.messages.batches
    made = batches.create(requests=[wanted("good", "hello"), wanted("bad", REFUSED)])
    assert (made.processing_status, made.request_counts.processing, made.results_url) == ("in_progress", 2, None)
    assert (made.expires_at - made.created_at).total_seconds() == 24 * 60 * 60
    with pytest.raises(anthropic.AnthropicError):
        batches.results(made.id)
    until(lambda: has_ended(client, made.id))
    batch = batches.retrieve(made.id)
    assert batch.request_counts.to_dict() == {
        "processing": 0,
        "succeeded": 1,
        "errored": 1,
        "canceled": 0,
        "expired": 0,
    }
    assert batch.ended_at is not None
    found = {one.custom_id: one.result for one in batches.results(made.id)}
    assert found.keys() == {"good", "bad"}
    assert found["good"].type == "succeeded"
    assert [part.to_dict() for part in found["good"].message.content] == [{"type": "text", "text": "re: hello"}]
    assert found["bad"].type == "errored"
    assert found["bad"].error.error.type == "invalid_request_error"

    with openai_client(gateway) as other:  # the two vendors' batches, and their files, do not mix
        assert made.id not in {one.id for one in other.batches.list()}
        assert list(other.files.list()) == []
    assert batches.delete(made.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        batches.retrieve(made.id)


def test_lists_go_both_ways(client: anthropic.Anthropic) -> None:
    batches = client.messages.batches
    made = [batches.create(requests=[wanted("a", "x", model="echo")]).id for _ in range(5)][::-1]
    assert [batch.id for batch in batches.list(limit=2)][:5] == made
    newer = batches.list(before_id=made[-1], limit=2)
    assert ([batch.id for batch in newer.data], newer.has_more) == (made[2:4], True)
    assert [batch.id for batch in batches.list(before_id=made[-1], limit=2)] == [*made[2:4], *made[0:2]]
    with pytest.raises(anthropic.BadRequestError, match="before_id"):
        batches.list(before_id="msgbatch_nobody")


@pytest.mark.parametrize(
    ("requests", "place"),
    [
        ([], "requests"),
        ([wanted("a", "x"), wanted("a", "y")], "requests[1]"),
        ([wanted("", "x")], "requests[0]"),
        ([{"custom_id": "a"}], "requests[0]"),
        ([wanted("a", "x", stream=True)], "requests[0]"),
        ([5], "requests[0]"),
        ({"a": 1}, "requests"),
    ],
)
def test_what_cannot_be_a_batch_is_refused(client: anthropic.Anthropic, requests: Any, place: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.batches.create(requests=requests)
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]["message"].startswith(f"{place}:")


def test_requests_may_be_written_over_many_lines(gateway: Gateway, client: anthropic.Anthropic) -> None:
    body = json.dumps({"requests": [wanted("a", "x\ny", model="echo")]}, indent=2)
    answer = httpx.post(f"{gateway.base}/anthropic/v1/messages/batches", content=body, headers={"x-api-key": KEY})
    assert answer.status_code == 200, answer.text
    until(lambda: has_ended(client, answer.json()["id"]))
    told = httpx.get(
        f"{gateway.base}/anthropic/v1/messages/batches/{answer.json()['id']}",
        headers={"x-api-key": KEY, "x-forwarded-proto": "https"},
    ).json()
    assert told["results_url"] == f"{gateway.base}/anthropic/v1/messages/batches/{told['id']}/results".replace(
        "http:", "https:"
    )
    found = httpx.get(told["results_url"].replace("https:", "http:"), headers={"x-api-key": KEY})
    assert json.loads(found.text)["result"]["message"]["content"][0]["text"] == "x\ny"


def test_a_body_may_be_compressed_and_has_a_limit(gateway: Gateway) -> None:
    body = json.dumps({"requests": [wanted("a", "x", model="echo")]}).encode()
    headers = {"x-api-key": KEY, "content-encoding": "gzip"}
    url = f"{gateway.base}/v1/messages/batches"
    assert (
        httpx.post(url, content=gzip.compress(body), headers=headers).json()["request_counts"]["processing"] == 1
    )
    too_much = b" " * 40_000_000
    for content, coding in ((too_much, "identity"), (gzip.compress(too_much), "gzip")):
        refused = httpx.post(url, content=content, headers={**headers, "content-encoding": coding})
        assert (refused.status_code, refused.json()["type"]) == (413, "error")
        assert "exceeds 33554432 bytes" in refused.json()["error"]["message"]


def test_a_cancelled_batch_says_which_were_not_asked(tmp_path: Path) -> None:
    with gated_upstream() as upstream, keeping(tmp_path, upstream) as gateway, anthropic_client(gateway) as client:
        batch_id = client.messages.batches.create(
            requests=[wanted(f"id-{number}", "x") for number in range(200)]
        ).id
        upstream.let(2)
        upstream.wait_for(2 + CONCURRENCY)
        with pytest.raises(anthropic.BadRequestError, match="Cancel it first"):
            client.messages.batches.delete(batch_id)
        cancelled = client.messages.batches.cancel(batch_id)
        assert cancelled.processing_status == "canceling"
        assert cancelled.cancel_initiated_at is not None

        def is_over() -> bool:
            upstream.let(1)
            return has_ended(client, batch_id)

        until(is_over)
        counts = client.messages.batches.retrieve(batch_id).request_counts
        assert counts.succeeded + counts.canceled == 200
        types = [one.result.type for one in client.messages.batches.results(batch_id)]
        assert (types.count("succeeded"), types.count("canceled")) == (counts.succeeded, counts.canceled)
        assert counts.canceled > 0
