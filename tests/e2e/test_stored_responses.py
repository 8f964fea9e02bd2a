"""Responses that OpenAI keeps, reached by its own client through the gateway, which keeps nothing itself."""

from typing import Any

import openai
import pytest

from tests.e2e.canned.responses import RESPONSE_ID
from tests.e2e.clients.asking import QUESTION, listed, settled
from tests.e2e.clients.connected import FASHIONS, Apis
from tests.e2e.heard import UPSTREAMS
from tests.e2e.vendors import Vendors

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("fashion", FASHIONS)]

KEPT_BY = {"x-feathergate-model": UPSTREAMS["responses"].model}
NEXT: dict[str, Any] = {"input": QUESTION, "previous_response_id": RESPONSE_ID}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_conversation_goes_on_where_it_is_kept(
    apis: dict[str, Apis], vendors: Vendors, fashion: str, stream: bool
) -> None:
    responses = apis[fashion].openai.responses
    asked = {**NEXT, "model": UPSTREAMS["responses"].model, "store": True}
    if stream:
        events = await listed(responses.create(**asked, stream=True))
        told = events[-1].response
    else:
        told = await settled(responses.create(**asked))
    assert (told.id, told.previous_response_id) == (RESPONSE_ID, RESPONSE_ID)
    body = vendors.asked[-1].body
    assert (body["previous_response_id"], body["store"], body["input"]) == (RESPONSE_ID, True, QUESTION)


@pytest.mark.parametrize("to", [name for name in UPSTREAMS if name != "responses"])
async def test_elsewhere_a_kept_conversation_is_refused(
    apis: dict[str, Apis], vendors: Vendors, fashion: str, to: str
) -> None:
    before = len(vendors.asked)
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        await settled(apis[fashion].openai.responses.create(**NEXT, model=UPSTREAMS[to].model))
    assert len(vendors.asked) == before


async def test_what_is_kept_is_read_listed_cancelled_and_deleted(
    apis: dict[str, Apis], vendors: Vendors, fashion: str
) -> None:
    responses = apis[fashion].openai.responses
    assert (await settled(responses.retrieve(RESPONSE_ID, extra_headers=KEPT_BY))).status == "completed"
    items = await listed(responses.input_items.list(RESPONSE_ID, extra_headers=KEPT_BY, limit=20))
    assert [item.id for item in items] == ["msg_in1"]
    assert (await settled(responses.cancel(RESPONSE_ID, extra_headers=KEPT_BY))).status == "cancelled"
    await settled(responses.delete(RESPONSE_ID, extra_headers=KEPT_BY))
    forwarded = [(asked.method, asked.path) for asked in vendors.asked[-4:]]
    assert forwarded == [
        ("GET", f"/v1/responses/{RESPONSE_ID}"),
        ("GET", f"/v1/responses/{RESPONSE_ID}/input_items?limit=20"),
        ("POST", f"/v1/responses/{RESPONSE_ID}/cancel"),
        ("DELETE", f"/v1/responses/{RESPONSE_ID}"),
    ]
    assert {asked.headers["authorization"] for asked in vendors.asked[-4:]} == {"Bearer sk-up-openai"}


async def test_what_is_not_kept_is_told_as_the_vendor_tells_it(apis: dict[str, Apis], fashion: str) -> None:
    with pytest.raises(openai.NotFoundError, match="no such path"):
        await settled(apis[fashion].openai.responses.retrieve("resp_other", extra_headers=KEPT_BY))


async def test_whose_response_it_is_must_be_clear(apis: dict[str, Apis], fashion: str) -> None:
    """Several accounts may have it where no model is named, and Anthropic's keeps none."""
    responses = apis[fashion].openai.responses
    with pytest.raises(openai.BadRequestError, match="x-feathergate-model"):
        await settled(responses.retrieve(RESPONSE_ID))
    elsewhere = {"x-feathergate-model": UPSTREAMS["messages"].model}
    with pytest.raises(openai.BadRequestError, match="keeps responses"):
        await settled(responses.retrieve(RESPONSE_ID, extra_headers=elsewhere))
