"""What an answer loses on its way into Chat Completions is named, event by event."""

import pytest

from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat import events as ev
from domain.chat.content import Citation, FileRef, Inline, Opaque, OpaquePart, Url
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.loss import Loss, LossKind
from domain.chat.response import Finish, FinishReason
from domain.chat.usage import Usage

CHAT = OpenAIChat()
GOOGLE, ANTHROPIC = Opaque(family="google", value="g"), Opaque(family="anthropic", value="a")
FILE = FileRef(family="openai", file_id="f")
PICTURE = Inline(media_type="image/png", base64="aGk=")


def cited(kind: str = "url", **more: str) -> ev.Cited:
    return ev.Cited(0, Citation(kind=kind, url="https://a.example", **more), 1)  # type: ignore[arg-type] # one of the kinds


@pytest.mark.parametrize(
    ("event", "code", "where", "kind"),
    [
        (
            ev.OpaqueAdded(0, OpaquePart(family="anthropic", kind="k", raw={}), 2),
            "dropped_opaque_part",
            "/choices/2/message",
            LossKind.CHANGE,
        ),
        (ev.MediaAdded(0, FILE), "dropped_media", "/choices/0/message", LossKind.CHANGE),
        (ev.MediaAdded(0, Url(url="u"), "audio"), "dropped_media", "/choices/0/message", LossKind.CHANGE),
        (cited("doc_char"), "dropped_citation", "/choices/1/message/annotations", LossKind.CHANGE),
        (cited(cited_text="so"), "shortened_citation", "/choices/1/message/annotations", LossKind.HINT),
        (ev.TextSigned(0, ANTHROPIC), "dropped_signature", "/choices/0/message", LossKind.HINT),
        (
            ev.BlockStarted(0, BlockKind.TOOL_CALL, "c", "t", signature=ANTHROPIC),
            "dropped_signature",
            "/choices/0/message",
            LossKind.HINT,
        ),
        (
            ev.Finished(Finish(reason=FinishReason.PAUSE), 3),
            "finish_reworded",
            "/choices/3/finish_reason",
            LossKind.CHANGE,
        ),
        (
            ev.Finished(Finish(reason=FinishReason.OTHER)),
            "finish_reworded",
            "/choices/0/finish_reason",
            LossKind.CHANGE,
        ),
    ],
)
def test_what_has_no_word_is_named(event: StreamEvent, code: str, where: str, kind: LossKind) -> None:
    loss = CHAT.lost(event)
    assert isinstance(loss, Loss)
    assert (loss.code, loss.where, loss.kind) == (code, where, kind)


@pytest.mark.parametrize(
    "event",
    [
        ev.Started("i", "m"),
        ev.BlockStarted(0, BlockKind.TEXT),
        ev.BlockStarted(0, BlockKind.TOOL_CALL, "c", "t", signature=GOOGLE),
        ev.TextDelta(0, "t"),
        ev.TextSigned(0, GOOGLE),
        ev.ReasoningDelta(0, "t"),
        ev.ReasoningSigned(0, ANTHROPIC),
        ev.ToolArgumentsDelta(0, "{}"),
        cited(),
        ev.MediaAdded(0, PICTURE),
        ev.MediaAdded(0, Url(url="u")),
        ev.MediaAdded(0, Inline(media_type="audio/wav", base64="aGk="), "audio"),
        ev.BlockStopped(0),
        *(
            ev.Finished(Finish(reason=reason, explanation="why", stop_sequence="END"))
            for reason in FinishReason
            if reason not in {FinishReason.PAUSE, FinishReason.OTHER}
        ),
        ev.UsageReported(Usage()),
        ev.Ping(),
        ev.Ended(),
    ],
)
def test_what_can_be_said_is_no_loss(event: StreamEvent) -> None:
    assert CHAT.lost(event) is None
