"""What the gateway says when it is up: where it listens, which models answer, which do not, and what to try."""

from collections.abc import Iterator

from domain.routing.fleet import WILDCARD, Deployment, Fleet
from entrypoints.version import feathergate_version


def render_banner(fleet: Fleet, base_url: str, *, needs_key: bool) -> str:
    """The lines to print once connections are accepted."""
    return "\n".join(_lines(fleet, base_url, needs_key=needs_key))


def _lines(fleet: Fleet, base_url: str, *, needs_key: bool) -> Iterator[str]:
    yield f"FeatherGate {feathergate_version()} listens on {base_url}"
    ready = [group for group, members in fleet.groups.items() if any(d.unready is None for d in members)]
    yield f"  ready:           {', '.join(ready) or 'none'}"
    for group, members in fleet.groups.items():
        if group not in ready:
            yield f"  not configured:  {group} ({_cure(members)})"
    example = next((group for group in ready if WILDCARD not in group), None)
    if example is not None:
        yield f"  try:             {_curl(base_url, example, needs_key=needs_key)}"


def _cure(members: tuple[Deployment, ...]) -> str:
    return "; ".join(dict.fromkeys(member.unready or "" for member in members))


def _curl(base_url: str, model: str, *, needs_key: bool) -> str:
    key = "-H 'authorization: Bearer YOUR_KEY' " if needs_key else ""
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello!"}}]}}'
    return f"curl {base_url}/v1/chat/completions {key}-H 'content-type: application/json' -d '{body}'"
