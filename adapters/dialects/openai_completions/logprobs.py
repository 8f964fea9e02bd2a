"""Log probabilities: the lists of this format, from Chat Completions' entries."""

from typing import Final

from domain.json_types import JSON


class LogprobsWriter:
    """Writes entries of one candidate, in their order; offsets count code points of the text, from `start`."""

    __slots__ = ("_offset",)

    def __init__(self, start: int) -> None:
        self._offset = start

    def write(self, entries: JSON) -> JSON:
        """The lists of `entries`; None where there are none."""
        tokens = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        if not tokens:
            return None
        written: dict[str, list[JSON]] = {name: [] for name in _LISTS}
        for entry in tokens:
            token = str(entry.get("token", ""))
            written["tokens"].append(token)
            written["token_logprobs"].append(entry.get("logprob"))
            written["top_logprobs"].append(_alternatives(entry.get("top_logprobs")))
            written["text_offset"].append(self._offset)
            self._offset += len(token)
        return written


def _alternatives(listed: JSON) -> dict[str, JSON]:
    choices = listed if isinstance(listed, list) else ()
    return {str(choice.get("token", "")): choice.get("logprob") for choice in choices if isinstance(choice, dict)}


_LISTS: Final = ("text_offset", "token_logprobs", "tokens", "top_logprobs")
