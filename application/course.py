"""What routing must know of a call."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from application.chat_call import ChatCall
from domain.chat.content import Family
from domain.errors import FeatherGateError, UnsupportedFeature
from domain.models.token_estimate import estimate_tokens
from domain.routing.fleet import Deployment
from domain.routing.group import Needs
from domain.routing.roster import NO_NEEDS, Group, Roster
from domain.routing.steps import NO_DEADLINE, Course

FamilyOf: TypeAlias = Callable[[Deployment], Family]
"""A deployment → whose vocabulary its model has."""


class ChatCourses:
    """Says of chat calls what routing must know; what costs something only where the policy asks for it."""

    def __init__(self, roster: Roster, family_of: FamilyOf) -> None:
        policy = roster.policy
        self._roster = roster
        self._family_of = family_of
        self._measures = policy.pre_call_checks
        self._looks_at_opening = policy.affinity
        self._has_needs = policy.pre_call_checks or policy.affinity or policy.tag_filtering

    def of(self, call: ChatCall) -> Course:
        """Raises UnknownModel; UnsupportedFeature where a call refers to what one of several accounts keeps."""
        wishes = call.wishes
        if call.stateful:
            _check_account(self._roster.group(call.model))
            wishes = replace(wishes, disable_fallbacks=True)  # what an account keeps is found nowhere else
        began_s = call.record.received_s
        return Course(
            model=call.model,
            began_s=began_s,
            deadline_s=deadline_s(began_s, call.timeout_s),
            wishes=wishes,
            needs=self._needs(call) if self._has_needs else NO_NEEDS,
            call_id=call.request_id,
        )

    def _needs(self, call: ChatCall) -> Needs:
        tokens = 0
        if self._measures:
            tokens = self._prompt_tokens(call)
        opening = call.document.opening() if self._looks_at_opening else ""
        return Needs(tags=call.wishes.tags, prompt_tokens=tokens, affinity=opening)

    def _prompt_tokens(self, call: ChatCall) -> int:
        """The estimate, where a limit of the group depends on it, and the request can be read."""
        deployments = [member.deployment for member in self._roster.group(call.model).members]
        if all(one.max_prompt_tokens is None and one.tpm is None for one in deployments):
            return 0
        try:
            request = replace(call.document.canonical(), model=deployments[0].model)
        except FeatherGateError:  # what passes through, an upstream may understand all the same
            return 0
        return estimate_tokens(request, self._family_of(deployments[0]))


def deadline_s(began_s: float, timeout_s: float | None) -> float:
    """When a caller's time is over that gives a call `timeout_s`."""
    return NO_DEADLINE if timeout_s is None else began_s + timeout_s


def _check_account(group: Group) -> None:
    """Raise UnsupportedFeature where only chance would find what one of several accounts keeps."""
    if len({member.deployment.account for member in group.members if member.deployment.unready is None}) > 1:
        raise UnsupportedFeature(
            f"expected a model of one account, since the request refers to what an account keeps; {group.name!r} "
            "is spread over several. Send the whole conversation instead, or ask for a model whose deployments "
            "share one account.",
            param="previous_response_id",
        )
