from hypothesis import given
from hypothesis import strategies as st

from adapters.observability.access_log import ONE_PIECE_BYTES, in_blocks

LINES = st.lists(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60).map(lambda t: t * 40)
)


@given(LINES)
def test_lines_are_written_whole_in_pieces_that_a_pipe_takes_as_one(lines: list[str]) -> None:
    blocks = list(in_blocks(lines))
    assert "".join(blocks) == "".join(line + "\n" for line in lines)
    for block in blocks:
        assert block.endswith("\n")
        assert len(block.encode()) <= ONE_PIECE_BYTES or block.count("\n") == 1
