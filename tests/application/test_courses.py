"""What routing is told of a call."""

from dataclasses import replace

import pytest

from application.course import ChatCourses
from domain.chat.request import ChatRequest
from domain.errors import MalformedRequest
from domain.routing.fleet import Deployment, Fleet
from domain.routing.policy import RoutingPolicy
from domain.routing.roster import Roster
from tests.application.fakes import Document, chat_call
from tests.strategies.fleets import deployment

CHECKED = RoutingPolicy(pre_call_checks=True)


class Unreadable(Document):
    def canonical(self) -> ChatRequest:
        raise MalformedRequest("this gateway does not know it")


def _tokens(document: Document, served: Deployment) -> int:
    roster = Roster(Fleet.of([served]), CHECKED, lambda *_: None)
    return ChatCourses(roster, lambda one: one.provider).of(chat_call(document=document)).needs.prompt_tokens


def test_prompts_are_measured_where_a_limit_depends_on_their_length() -> None:
    assert _tokens(Document(), replace(deployment(), max_prompt_tokens=9)) > 0
    assert _tokens(Document(), deployment(tpm=9)) > 0
    assert _tokens(Document(), deployment(rpm=9)) == 0


@pytest.mark.parametrize("served", [deployment(tpm=9), deployment()])
def test_what_only_an_upstream_understands_is_not_refused_for_its_length(served: Deployment) -> None:
    assert _tokens(Unreadable(), served) == 0
