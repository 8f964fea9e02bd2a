import re

from hypothesis import given
from hypothesis import strategies as st

from domain.chat.tool_names import PORTABLE_NAME, ToolNames
from domain.chat.usage import Usage


def test_the_total_is_known_only_where_both_parts_are() -> None:
    assert Usage(prompt_tokens=1, completion_tokens=2).total_tokens == 3
    assert Usage(prompt_tokens=1).total_tokens is None
    assert Usage(completion_tokens=1).total_tokens is None


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=6))
def test_names_fit_and_come_back(names: list[str]) -> None:
    fitted = ToolNames.fitting(names)
    wire = [fitted.wire(name) for name in names]
    assert all(PORTABLE_NAME.fullmatch(name) for name in wire)
    assert [fitted.original(name) for name in wire] == names
    assert len(set(wire)) == len(names)


def test_names_that_fit_stay() -> None:
    assert ToolNames.fitting(["get_weather-2"]).wire("get_weather-2") == "get_weather-2"
    narrow = ToolNames.fitting(["2fast"], re.compile(r"[A-Za-z_]\w*"))
    assert narrow.wire("2fast").startswith("_2fast_")
    assert narrow.original(narrow.wire("2fast")) == "2fast"
