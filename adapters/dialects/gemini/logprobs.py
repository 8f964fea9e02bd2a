"""logprobsResult in OpenAI's shape (ai.google.dev/api/generate-content#LogprobsResult, 2026-11)."""

from collections.abc import Mapping

from adapters.dialects.gemini.wire import member, objects
from domain.json_types import JSON


def parse_logprobs(result: Mapping[str, JSON]) -> list[JSON]:
    """The chosen tokens as {token, logprob, bytes, top_logprobs}."""
    tops = objects(result, "topCandidates")
    entries: list[JSON] = []
    for position, chosen in enumerate(objects(result, "chosenCandidates")):
        others = objects(tops[position], "candidates") if position < len(tops) else []
        entries.append(_entry(chosen) | {"top_logprobs": [_entry(other) for other in others]})
    return entries


def render_logprobs(entries: JSON) -> dict[str, JSON]:
    """Entries in OpenAI's shape as a logprobsResult; the bytes of a token have no place in it."""
    return {
        "chosenCandidates": [_candidate(entry) for entry in entries],
        "topCandidates": [
            {"candidates": [_candidate(other) for other in entry.get("top_logprobs") or ()]} for entry in entries
        ],
    }


def _candidate(entry: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"token": entry.get("token"), "logProbability": entry.get("logprob")}


def _entry(candidate: Mapping[str, JSON]) -> dict[str, JSON]:
    token = member(candidate, "token", str) or ""
    return {
        "token": token,
        "logprob": candidate.get("logProbability", 0.0),
        "bytes": list(token.encode("utf-8", "surrogatepass")),
    }
