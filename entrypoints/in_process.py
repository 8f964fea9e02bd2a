"""The gateway without a server: its parts, and the door to them."""

from adapters.config.loading import LoadedConfig
from adapters.http.in_process import InProcessDoor
from application.estimate_call import EstimateCall
from entrypoints.arguments import Options
from entrypoints.container import Container
from entrypoints.model_facts import profiles


def quiet_container(loaded: LoadedConfig, *, log_level: str = "error") -> Container:
    """The parts of a gateway that no server serves; calls are logged to stderr at `log_level` and above.

    Raises ConfigError where the configuration cannot mean anything.
    """
    return Container(loaded=loaded, options=Options(log_level=log_level))


def estimate_call(container: Container) -> EstimateCall:
    """What estimates calls by the container's deployments and their prices."""
    return EstimateCall(
        container.roster(),
        family_of=container.family_of(),
        profile_of=profiles(container.bindings()),
        price_of=container.prices(),
    )


def in_process_door(container: Container) -> InProcessDoor:
    """The door to the container's data plane, with the gateway's own key."""
    return InProcessDoor(
        container.data_plane(),
        estimate_call(container),
        clock=container.clock(),
        dialect=container.chat_dialect(),
        key=container.settings().master_key,
    )


async def close(container: Container) -> None:
    """Close its connections to upstreams, and write what is left of its log."""
    await container.upstreams().aclose()
    container.access_log().flush()
