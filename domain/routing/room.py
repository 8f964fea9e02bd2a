"""Whether a deployment's rpm and tpm leave room for a further call."""

from domain.routing.group import Member


def used_up(member: Member, now_s: float, prompt_tokens: int = 0) -> str | None:
    """Which limit of the last minute leaves no room for a prompt of this length; None = there is room."""
    deployment, standing = member.deployment, member.standing
    if deployment.rpm is not None and standing.requests.last(now_s) + 1 > deployment.rpm:
        return f"its {deployment.rpm:g} requests per minute are used up"
    if deployment.tpm is not None and standing.tokens.last(now_s) + max(1, prompt_tokens) > deployment.tpm:
        return f"its {deployment.tpm:g} tokens per minute are used up"
    return None
