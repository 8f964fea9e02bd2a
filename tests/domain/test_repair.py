import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.chat import repair
from domain.chat.content import Image, Inline, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.loss import LossKind
from domain.chat.request import Message, Role
from tests.strategies import canonical

PATTERN = re.compile(r"[A-Za-z0-9_-]{1,40}")


def call(call_id: str, name: str = "t") -> ToolCall:
    return ToolCall(id=call_id, name=name, raw="{}", arguments={})


def result(call_id: str, text: str = "r") -> ToolResult:
    return ToolResult(call_id=call_id, parts=(Text(text=text),))


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def tool(*parts: Part) -> Message:
    return Message(role=Role.TOOL, parts=parts)


USER = Message(role=Role.USER, parts=(Text(text="hi"),))


def texts(messages: tuple[Message, ...]) -> str:
    found: list[str] = []
    for message in messages:
        for part in message.parts:
            inner = part.parts if isinstance(part, ToolResult) else (part,)
            found.extend(piece.text for piece in inner if isinstance(piece, Text))
    return "\n".join(found)


@given(canonical.conversations(names=("a", "b")))
def test_a_well_formed_conversation_is_only_grouped(messages: tuple[Message, ...]) -> None:
    repaired, losses = repair.without_orphans(messages)
    assert not losses
    assert [part for message in repaired for part in message.parts] == [
        part for message in messages for part in message.parts
    ]


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[Message, ...]:
    """Conversations in any order, with ids that are reused, doubled and missing."""
    ids = st.sampled_from(["1", "2", "3"])
    count = draw(st.integers(0, 6))
    made = []
    for number in range(count):
        kind = draw(st.sampled_from(["call", "result", "user"]))
        if kind == "call":
            made.append(assistant(*(call(call_id) for call_id in draw(st.lists(ids, min_size=1, max_size=2)))))
        elif kind == "result":
            found = draw(st.lists(ids, min_size=1, max_size=2))
            made.append(tool(*(result(call_id, f"<{number}.{place}>") for place, call_id in enumerate(found))))
        else:
            made.append(USER)
    return tuple(made)


@given(shuffled())
def test_every_call_is_answered_next_and_nothing_vanishes(messages: tuple[Message, ...]) -> None:
    repaired, losses = repair.without_orphans(messages)
    for index, message in enumerate(repaired):
        calls = [part.id for part in message.parts if isinstance(part, ToolCall)]
        if calls:
            answers = repaired[index + 1]
            assert answers.role is Role.TOOL
            assert [part.call_id for part in answers.parts if isinstance(part, ToolResult)] == calls
        if message.role is Role.TOOL:
            assert repaired[index - 1].role is Role.ASSISTANT
    marks = Counter(re.findall(r"<\d\.\d>", texts(messages)))
    assert Counter(re.findall(r"<\d\.\d>", texts(repaired))) == marks
    unanswered = texts(repaired).count(repair.NO_RESULT)
    assert sum(loss.code == "orphan_tool_call" for loss in losses) == unanswered


@given(shuffled())
def test_repairing_twice_changes_nothing_more(messages: tuple[Message, ...]) -> None:
    repaired, _ = repair.without_orphans(messages)
    again, losses = repair.without_orphans(repaired)
    assert again == repaired
    assert not losses


def test_a_second_result_becomes_user_text() -> None:
    repaired, losses = repair.without_orphans(
        (assistant(call("1")), tool(result("1", "first")), tool(result("1", "second")))
    )
    assert [message.role for message in repaired] == [Role.ASSISTANT, Role.TOOL, Role.USER]
    assert "second" in texts(repaired[2:])
    assert [loss.code for loss in losses] == ["orphan_tool_result"]


def test_a_result_before_its_call_does_not_answer_it() -> None:
    repaired, losses = repair.without_orphans((tool(result("1", "early")), assistant(call("1"))))
    assert [message.role for message in repaired] == [Role.USER, Role.ASSISTANT, Role.TOOL]
    assert repair.NO_RESULT in texts(repaired[2:])
    assert [loss.code for loss in losses] == ["orphan_tool_result", "orphan_tool_call"]


def test_late_results_move_up() -> None:
    repaired, losses = repair.without_orphans(
        (assistant(call("1"), call("2")), USER, tool(result("2"), result("1")))
    )
    assert [message.role for message in repaired] == [Role.ASSISTANT, Role.TOOL, Role.USER]
    assert not losses


def test_a_reused_id_is_answered_turn_by_turn() -> None:
    told = (assistant(call("1")), tool(result("1", "a")), assistant(call("1")), tool(result("1", "b")))
    assert repair.without_orphans(told) == (told, ())


def test_pictures_of_a_stray_result_are_kept() -> None:
    picture = Image(source=Inline(media_type="image/png", base64=canonical.PNG))
    repaired, _ = repair.without_orphans((tool(ToolResult(call_id="x", parts=(picture,))),))
    assert picture in repaired[0].parts


@given(st.lists(canonical.call_ids(), unique=True, max_size=8))
def test_wire_ids_fit_and_stay_distinct(ids: list[str]) -> None:
    fitted = [repair.wire_id(call_id, PATTERN) for call_id in ids]
    assert all(PATTERN.fullmatch(call_id) for call_id in fitted)
    assert len(set(fitted)) == len(ids)


def test_calls_and_results_get_the_same_id() -> None:
    odd = "functions.weather:0"
    fitted = repair.with_call_ids((assistant(call(odd)), tool(result(odd))), PATTERN)
    called, answered = fitted[0].parts[0], fitted[1].parts[0]
    assert isinstance(called, ToolCall)
    assert isinstance(answered, ToolResult)
    assert called.id == answered.call_id != odd


def test_results_learn_their_tool() -> None:
    named = repair.with_result_names((assistant(call("1", "weather")), tool(result("1"), result("2"))))
    assert [part.name for part in named[1].parts if isinstance(part, ToolResult)] == ["weather", None]


def test_only_a_familys_own_reasoning_and_signatures_stay() -> None:
    own, foreign = Opaque(family="anthropic", value="a"), Opaque(family="google", value="g")
    told = (
        assistant(
            Reasoning(text="own", signature=own),
            Reasoning(text="foreign", signature=foreign),
            Reasoning(text="unsigned"),
            Text(text="t", signature=foreign),
            ToolCall(id="1", name="t", raw="", signature=own),
        ),
    )
    (kept,), losses = repair.without_foreign_reasoning(told, "anthropic")
    assert kept.parts == (told[0].parts[0], Text(text="t"), told[0].parts[4])
    assert [(loss.code, loss.kind) for loss in losses] == [
        ("dropped_reasoning", LossKind.CHANGE),
        ("dropped_reasoning", LossKind.HINT),
    ]
