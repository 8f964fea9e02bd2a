"""Where the parts of a conversation stand."""

from adapters.dialects.places import Places, parts_within
from domain.chat.content import Text, ToolResult
from domain.chat.request import Message, Role


def test_what_a_result_shows_follows_the_result() -> None:
    shown, told = Text("shown"), Text("told")
    result = ToolResult(call_id="c", parts=(shown,))
    message = Message(role=Role.TOOL, parts=(result, told))
    assert tuple(parts_within(message)) == (result, shown, told)
    places = Places((message,))
    pointers = [places.pointer(part) for part in parts_within(message)]
    assert pointers == ["/messages/0/content/0", "/messages/0/content/0/content/0", "/messages/0/content/1"]
