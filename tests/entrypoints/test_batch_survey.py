"""What a batch will take, before anything is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from domain.batch.line import BatchLine, LineEstimate, LineOutcome, LineShape
from domain.errors import NotConfigured, UnknownModel
from entrypoints.batch_survey import MOST_MISTAKES_KEPT, render_survey, survey


class Lines:
    """A source of lines that ask for these models."""

    def __init__(self, models: Iterable[str]) -> None:
        self._lines = self._made(models)

    def _made(self, models: Iterable[str]) -> Iterator[BatchLine]:
        for number, model in enumerate(models, 1):
            body = b'{"model": "%b"}' % model.encode()
            yield BatchLine(
                number=number,
                custom_id=f"c{number}",
                shape=LineShape.BARE,
                path="/v1/chat/completions",
                model=model,
                body=body,
            )

    def next_line(self) -> BatchLine | None:
        return next(self._lines, None)


class Asker:
    """Estimates by the model's name: `free`, `endless`, `unpriced`, `unknown`, or a dollar for a hundred tokens."""

    async def ask(self, line: BatchLine) -> LineOutcome:
        raise AssertionError("nothing is sent")

    def estimate(self, line: BatchLine) -> LineEstimate:
        if b"unknown" in line.body:
            raise UnknownModel("expected a model of the configuration")
        answer_tokens = None if b"endless" in line.body else 90
        cost_usd = None if b"endless" in line.body or b"unpriced" in line.body else 1.0
        return LineEstimate(prompt_tokens=10, answer_tokens=answer_tokens, cost_usd=cost_usd)


def test_lines_are_counted_by_path_and_model() -> None:
    found = survey(Lines(["fast", "smart", "fast"]), Asker())
    assert [(model, share.lines) for (_, model), share in found.shares.items()] == [("fast", 2), ("smart", 1)]
    assert list(found.obstacles_to_budget()) == []
    table = [line.split() for line in render_survey(found).splitlines()]
    assert table[1] == ["2", "20", "180", "$2.0000", "/v1/chat/completions", "fast"]
    assert table[-1] == ["3", "30", "270", "$3.0000", "all"]


def test_what_keeps_a_budget_from_being_kept_is_named_with_its_cure() -> None:
    found = survey(Lines(["endless", "unpriced", "fast", "endless"]), Asker())
    endless, unpriced = found.obstacles_to_budget()
    assert endless.startswith("endless: of 2 requests 2 set no limit")
    assert "max_tokens" in endless
    assert unpriced.startswith("unpriced: of 1 requests the price of 1 is not known")
    assert "input_cost_per_token" in unpriced
    assert "+ 3 unknown" in render_survey(found).splitlines()[-1]


def test_models_that_nobody_would_answer_are_named_once() -> None:
    found = survey(Lines(["fast", "keyless", "keyless"]), Asker())
    refusals = {"keyless": NotConfigured("set OPENAI_API_KEY")}
    (told,) = found.unanswered(refusals.get)
    assert told == "keyless: nobody would answer its 2 requests: set OPENAI_API_KEY"


def test_a_model_that_stands_in_the_path_is_named_too() -> None:
    class Gemini(Lines):
        def next_line(self) -> BatchLine | None:
            line = super().next_line()
            return None if line is None else replace(line, path="/v1beta/models/m:generateContent", model="m")

    found = survey(Gemini(["unpriced"]), Asker())
    assert [*found.shares] == [("/v1beta/models/m:generateContent", "m")]
    assert next(found.obstacles_to_budget()).startswith("m: of 1 requests")


def test_requests_that_nobody_would_answer_are_told_with_their_lines() -> None:
    found = survey(Lines(["unknown"] * (MOST_MISTAKES_KEPT + 5) + ["fast"]), Asker())
    assert found.mistaken == MOST_MISTAKES_KEPT + 5
    assert len(found.mistakes) == MOST_MISTAKES_KEPT
    assert found.mistakes[1] == "line 2 (c2): expected a model of the configuration"
    assert sum(share.lines for share in found.shares.values()) == 1
