"""Counting tokens, from both sides."""

from typing import Any

import pytest

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini import counting
from domain.errors import MalformedRequest, MalformedResponse

CONTENTS = [{"parts": [{"text": "hi"}]}]


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        ({"contents": CONTENTS, "generateContentRequest": None}, {"contents": CONTENTS}),
        (
            {"generateContentRequest": {"model": "models/x", "contents": CONTENTS, "tools": []}},
            {"contents": CONTENTS, "tools": []},
        ),
        ({"generate_content_request": {"contents": CONTENTS}}, {"contents": CONTENTS}),
    ],
)
def test_what_a_client_wants_counted(body: dict[str, Any], counted: dict[str, Any]) -> None:
    assert counting.parse_count_request(body) == counted


@pytest.mark.parametrize(
    "body",
    [{}, {"contents": CONTENTS, "generateContentRequest": {}}, {"generateContentRequest": []}],
)
def test_one_of_both_is_needed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="generateContentRequest: expected"):
        counting.parse_count_request(body)


@pytest.mark.parametrize(
    ("model", "name"),
    [("gemini-x", "models/gemini-x"), ("models/x", "models/x"), ("tunedModels/x", "tunedModels/x")],
)
def test_a_whole_request_is_counted(model: str, name: str) -> None:
    rendered = RenderedRequest(body={"contents": CONTENTS})
    assert counting.render_count_request(rendered, model) == {
        "generateContentRequest": {"model": name, "contents": CONTENTS}
    }


def test_counts() -> None:
    assert counting.parse_count({"totalTokens": 7, "promptTokensDetails": []}) == 7
    assert counting.render_count(7) == {"totalTokens": 7}


@pytest.mark.parametrize("body", [None, {}, {"totalTokens": "7"}, {"totalTokens": True}, {"totalTokens": -1}, []])
def test_what_is_no_count_is_an_error(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        counting.parse_count(body)
