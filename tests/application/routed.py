"""Use cases over a fleet, routed as the gateway routes them."""

from collections.abc import Iterable
from operator import attrgetter

from application.answer_chat import AnswerChat
from application.attempts import Attempts
from application.course import ChatCourses
from application.metering import Billing
from application.opening import Opening
from application.ports.chat_provider import ChatProvider
from application.ports.clock import Clock
from domain.routing.fleet import Deployment, Fleet
from domain.routing.health import Health
from domain.routing.plan import Plan
from domain.routing.policy import RetryPolicy, RoutingPolicy
from domain.routing.roster import Roster

BILLING = Billing(attrgetter("price"), lambda deployment: deployment.provider, lambda dialect, raw: ())
"""The prices of the deployments themselves; what passes unread stays unread."""
ONE_TRY = RoutingPolicy(retry=RetryPolicy(retries=0))


class Watched:
    """Keeps what a RoutingWatch is told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, Health, Health]] = []
        self.plans: list[Plan] = []

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        self.changes.append((deployment.id, before, after))

    def routed(self, plan: Plan) -> None:
        self.plans.append(plan)


def attempts_over(
    deployments: Iterable[Deployment] | Fleet,
    clock: Clock,
    policy: RoutingPolicy = ONE_TRY,
    watch: Watched | None = None,
) -> Attempts:
    """The loop over a fleet; chance draws 0."""
    fleet = deployments if isinstance(deployments, Fleet) else Fleet.of(deployments)
    watch = watch or Watched()
    return Attempts(Roster(fleet, policy, watch.changed), clock, lambda: 0.0, watch)


def courses_over(attempts: Attempts) -> ChatCourses:
    return ChatCourses(attempts.roster, lambda deployment: deployment.provider)


def answer_chat_over(attempts: Attempts, provider: ChatProvider) -> AnswerChat:
    """The chat use case of `provider` with these attempts."""
    guards = attempts.roster.policy.guards_whole_streams
    opening = Opening(provider, guards_whole_streams=guards)
    return AnswerChat(attempts, opening, attempts.clock, courses_over(attempts), BILLING)
