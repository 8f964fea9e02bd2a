"""Whether a model could be answered at all, without asking anybody."""

from domain.errors import NotConfigured, UnknownModel
from domain.routing.plan import Plan
from domain.routing.roster import Roster
from domain.routing.steps import Course, GiveUp
from domain.routing.strategy import picker


def unanswered(roster: Roster, model: str, now_s: float) -> NotConfigured | None:
    """What a call to `model` would be told where its deployments, and those of its fallbacks, lack what they need.

    None where somebody may answer, or where nobody has the name. What a request wishes itself is not foreseen.
    """
    try:
        plan = Plan(roster, Course(model=model, began_s=now_s), picker(roster.policy.strategy), lambda: 0.0)
    except UnknownModel:
        return None
    step = plan.next(now_s)
    return step.error if isinstance(step, GiveUp) and isinstance(step.error, NotConfigured) else None
