"""What a batch will take, told before anything is sent: for `--dry-run`, and to keep a `--budget`."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from application.ports.batch import LineAsker, LineSource
from domain.batch.line import BatchLine, LineEstimate
from domain.errors import FeatherGateError, RequestError
from entrypoints.batch_report import columns

MOST_MISTAKES_KEPT: Final = 100


@dataclass(slots=True)
class Share:
    """The lines of one path and model, and what they will take at most.

    endless:  of them, those whose answers no limit is known of.
    unpriced: those whose price is not known, endless ones apart.
    """

    lines: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost_usd: float = 0.0
    endless: int = 0
    unpriced: int = 0

    def add(self, estimate: LineEstimate) -> None:
        """One more line."""
        self.lines += 1
        self.prompt_tokens += estimate.prompt_tokens
        self.answer_tokens += estimate.answer_tokens or 0
        if estimate.answer_tokens is None:
            self.endless += 1
        elif estimate.cost_usd is None:
            self.unpriced += 1
        self.cost_usd += estimate.cost_usd or 0.0


@dataclass(slots=True)
class Survey:
    """What all lines will take, by path and model.

    mistakes: sentences about the first requests that nobody would answer; mistaken: how many there are.
    """

    shares: dict[tuple[str, str], Share] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    mistaken: int = 0

    def add(self, line: BatchLine, asker: LineAsker) -> None:
        """Estimate one more line."""
        try:
            estimate = asker.estimate(line)
        except RequestError as mistake:
            self.mistaken += 1
            if len(self.mistakes) < MOST_MISTAKES_KEPT:
                self.mistakes.append(f"line {line.number} ({line.custom_id}): {mistake.message}")
            return
        self.shares.setdefault((line.path, line.model), Share()).add(estimate)

    def unanswered(self, refusal_of: Callable[[str], FeatherGateError | None]) -> Iterator[str]:
        """Of which models all requests would fail, and why; `refusal_of` tells what calls to a model are told."""
        lines: Counter[str] = Counter()
        for (_, model), share in self.shares.items():
            lines[model] += share.lines
        for model, count in lines.items():
            refusal = refusal_of(model)
            if refusal is not None:
                yield f"{model}: nobody would answer its {count:,} requests: {refusal.message}"

    def obstacles_to_budget(self) -> Iterator[str]:
        """Why no budget could be kept to, each with its cure."""
        for (path, model), share in self.shares.items():
            who = f"{model or path}: of {share.lines:,} requests"
            if share.endless:
                yield (
                    f"{who} {share.endless:,} set no limit for their answers and the model's is not known, so no "
                    "budget can be kept; set max_tokens in them, or max_output_tokens in the model's model_info"
                )
            if share.unpriced:
                yield (
                    f"{who} the price of {share.unpriced:,} is not known, so no budget can be kept; set "
                    "input_cost_per_token and output_cost_per_token (0 where it is free) in litellm_params"
                )


def survey(lines: LineSource, asker: LineAsker) -> Survey:
    """Estimate every line. Raises the source's OSError."""
    found = Survey()
    while (line := lines.next_line()) is not None:
        found.add(line, asker)
    return found


def render_survey(found: Survey) -> str:
    """The table of a dry run."""
    rows: list[tuple[str, ...]] = [
        ("requests", "prompt tokens", "answer tokens", "cost at most", "path and model")
    ]
    shares = found.shares.values()
    for (path, model), share in sorted(found.shares.items()):
        rows.append(_row(share, f"{path} {model}".rstrip()))
    whole = Share(
        lines=sum(share.lines for share in shares),
        prompt_tokens=sum(share.prompt_tokens for share in shares),
        answer_tokens=sum(share.answer_tokens for share in shares),
        cost_usd=sum(share.cost_usd for share in shares),
        endless=sum(share.endless for share in shares),
        unpriced=sum(share.unpriced for share in shares),
    )
    rows.append(_row(whole, "all"))
    return "\n".join(columns(rows, left=frozenset({4}))) + "\n"


def _row(share: Share, name: str) -> tuple[str, ...]:
    answers = f"{share.answer_tokens:,}" + ("" if not share.endless else f" + {share.endless:,} endless")
    unknown = share.unpriced + share.endless
    cost = f"${share.cost_usd:,.4f}" + ("" if not unknown else f" + {unknown:,} unknown")
    return f"{share.lines:,}", f"{share.prompt_tokens:,}", answers, cost, name
