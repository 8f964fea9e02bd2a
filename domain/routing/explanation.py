"""The course of a call in a few lines of plain text: who could answer, who could not and why, what came of it."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, assert_never

from domain.errors import UnknownModel
from domain.routing.group import Member
from domain.routing.plan import Plan
from domain.routing.selection import Selection
from domain.routing.steps import Event, Failure, Try, Wait

_LONGEST_NAME: Final = 200
"""Longer names of models are cut: callers choose them freely."""

_Shown: TypeAlias = tuple[tuple[str, ...], ...]


def explain(plan: Plan) -> str:
    """What `plan` did so far, one line for each thing; neither keys nor prompts are in it.

    A selection names every member of its group once; it is told again only where it became another one. The last
    line is the outcome, once there is one.
    """
    lines = [f"model {_named(plan.course.model)}", *_course(plan)]
    if plan.drawn:
        lines.append(f"drawn: {', '.join(f'{number:.6f}' for number in plan.drawn)}")
    if plan.answered is not None:
        lines.append(f"answered by {plan.answered.member.deployment.id}, try {len(plan.tries)}")
    elif plan.error is not None:
        lines.append(f"gave up: {plan.error.label}")
    return "\n".join(lines)


def _course(plan: Plan) -> Iterator[str]:
    name, target, told = plan.course.model, None, None
    for event in plan.story:
        if isinstance(event, Try) and event.target is not None and event.target is not target:
            target, name = event.target, event.target.model
            yield f"fallback: {_named(name)}"
        if event.group is not None and event.group.name != name:
            name = event.group.name
            yield f"group {_named(name)}"
        if event.selection is not None and _shown(event.selection) != told:
            told = _shown(event.selection)
            yield from _selection_lines(event.selection)
        yield _line(event)


def _selection_lines(selection: Selection) -> Iterator[str]:
    """Every member of a group, and whether it may answer."""
    if selection.candidates:
        yield f"candidates: {_all(selection.candidates)}"
    if selection.probes:
        yield f"failing, a probe is due: {_all(selection.probes)}"
    for skipped in selection.skipped:
        yield f"skipped {_full(skipped.member)}: {skipped.reason}"


def _named(model: str) -> str:
    """A model's name as a caller gave it."""
    return repr(model if len(model) <= _LONGEST_NAME else f"{model[:_LONGEST_NAME]}…")


def _line(event: Event) -> str:
    match event:
        case Try():
            return f"{'probe' if event.is_probe else 'choice'}: {event.member.deployment.id}"
        case Wait(for_slot=()):
            return f"wait: {event.seconds:.1f} s"
        case Wait():
            free = ", ".join(member.deployment.id for member in event.for_slot)
            return f"wait: up to {event.seconds:.1f} s for a free slot of {free}"
        case Failure():
            return _failure(event)
        case _:
            assert_never(event)


def _failure(failure: Failure) -> str:
    label = failure.error.label
    if failure.member is not None:
        after = "" if failure.took_s is None else f" after {failure.took_s:.1f} s"
        return f"{failure.member.deployment.id} failed{after}: {label}"
    if isinstance(failure.error, UnknownModel):
        return f"no such fallback: {failure.error.message}"
    if failure.selection is None:
        return f"failed as the caller asked: {label}"
    return f"nobody can be asked: {label}"


def _shown(selection: Selection) -> _Shown:
    """What tells one selection from another: not the seconds in its reasons."""
    skipped = tuple(one.member.deployment.id for one in selection.skipped)
    return _ids(selection.candidates), _ids(selection.probes), skipped


def _ids(members: Sequence[Member]) -> tuple[str, ...]:
    return tuple(member.deployment.id for member in members)


def _all(members: Sequence[Member]) -> str:
    return ", ".join(map(_full, members))


def _full(member: Member) -> str:
    deployment = member.deployment
    return f"{deployment.id} ({deployment.provider}/{deployment.model})"
