"""What the use cases ask about the models of deployments, answered from what was bound."""

from adapters.providers.binding import Bindings
from adapters.providers.route import profile_of as known_profile
from application.course import FamilyOf
from application.list_models import ProfileOf
from domain.chat.content import Family
from domain.models.profile import ModelProfile
from domain.routing.fleet import Deployment


def profiles(bindings: Bindings) -> ProfileOf:
    """What a deployment's model can do: the catalogue's word, corrected by the operator's `model_info`."""

    def profile_of(deployment: Deployment) -> ModelProfile:
        route = bindings.routes.get(deployment.id)
        if route is None:
            return known_profile(deployment.provider, deployment.model, bindings.infos[deployment.id])
        return route.models.of(deployment.model).target.profile

    return profile_of


def families(bindings: Bindings) -> FamilyOf:
    """Whose vocabulary a deployment's model has; those without an upstream have their provider's."""

    def family_of(deployment: Deployment) -> Family:
        route = bindings.routes.get(deployment.id)
        return deployment.provider if route is None else route.models.of(deployment.model).target.family

    return family_of
