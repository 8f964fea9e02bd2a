from hypothesis import given
from hypothesis import strategies as st

from adapters.persistence.line_set import LineSet


@given(numbers=st.lists(st.integers(0, 300)))
def test_it_is_a_set_of_numbers(numbers: list[int]) -> None:
    lines = LineSet()
    for number in numbers:
        lines.add(number)
    assert [number for number in range(400) if number in lines] == sorted(set(numbers))
    assert len(lines) == len(set(numbers))
