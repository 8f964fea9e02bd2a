import re

import pytest

from domain import error_kinds, errors
from domain.errors import KINDS, ErrorKind, FeatherGateError, KindRow

ROW = re.compile(
    r"^ {2}(?P<kind>[a-z_]+) +(?P<status>\d{3}) +(?P<type>\w+) / (?P<code>[\w-]+)"
    r" +(?P<anthropic>\w+) +(?P<gemini>[A-Z_]+) +(?P<retryable>yes|no)$",
    re.MULTILINE,
)
TREE_LINE = re.compile(r"^ {4}(?P<indent>[│ ]*)[├└]── (?P<name>\w+) +(?P<meaning>.+)$", re.MULTILINE)


def every_error() -> list[type[FeatherGateError]]:
    found = [FeatherGateError]
    for error in found:
        found.extend(error.__subclasses__())
    return [error for error in found if error.__module__ == errors.__name__]


def printed_rows() -> dict[ErrorKind, KindRow]:
    text = error_kinds.__doc__ or ""
    said = re.search(r"^(?P<callers>`.*) are the caller's doing(?P<rules>[^.]*)\.", text, re.MULTILINE)
    assert said is not None
    blamed = dict.fromkeys(re.findall(r"`(\w+)`", said["callers"]), "caller")
    blamed |= dict.fromkeys(re.findall(r"`(\w+)`", said["rules"]), "policy")
    return {
        ErrorKind(row["kind"]): KindRow(
            int(row["status"]),
            row["type"],
            None if row["code"] == "-" else row["code"],
            row["anthropic"],
            row["gemini"],
            row["retryable"] == "yes",
            blamed.get(row["kind"]),
        )
        for row in ROW.finditer(text)
    }


def test_the_printed_table_is_the_table() -> None:
    assert printed_rows() == dict(KINDS)


def test_every_kind_has_a_row() -> None:
    assert list(KINDS) == list(ErrorKind)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        KINDS[ErrorKind.AUTH] = KINDS[ErrorKind.SERVER]  # type: ignore[index] # that it cannot is the point


def test_the_printed_tree_is_the_tree() -> None:
    printed = {line["name"]: len(line["indent"]) > 0 for line in TREE_LINE.finditer(errors.__doc__ or "")}
    real = {error.__name__: FeatherGateError not in error.__bases__ for error in every_error()[1:]}
    assert printed == real


@pytest.mark.parametrize("kind", ErrorKind)
def test_statuses_are_errors_that_http_knows(kind: ErrorKind) -> None:
    assert 400 <= KINDS[kind].status < 600


@pytest.mark.parametrize("error", every_error())
def test_an_error_takes_its_status_and_code_from_its_kind(error: type[FeatherGateError]) -> None:
    raised = error("expected this, got that")
    assert raised.status == KINDS[error.kind].status
    assert raised.code == KINDS[error.kind].openai_code
    assert raised.retryable is KINDS[error.kind].retryable
    assert str(raised) == raised.message == "expected this, got that"


def test_what_the_upstream_said_is_kept() -> None:
    error = errors.UpstreamRejected(
        "busy", kind=ErrorKind.RATE_LIMIT, status=430, code="slow_down", retry_after_s=2.5
    )
    assert (error.kind, error.status, error.code, error.retry_after_s) == (
        ErrorKind.RATE_LIMIT,
        430,
        "slow_down",
        2.5,
    )


@pytest.mark.parametrize("kind", ErrorKind)
@pytest.mark.parametrize("retryable", [True, False])
def test_the_upstream_s_word_on_retrying_beats_the_kind_s(kind: ErrorKind, retryable: bool) -> None:
    assert errors.UpstreamRejected("m", kind=kind, retryable=retryable).retryable is retryable


def test_callers_mistakes_are_not_retried() -> None:
    mistakes = errors.RequestError.__subclasses__()
    assert mistakes
    assert not any(mistake("").retryable for mistake in mistakes)


def test_labels_are_bounded() -> None:
    labels = {error("any words", kind=kind, code="any").label for error in every_error() for kind in ErrorKind}
    assert labels == {
        f"{origin}_{kind}"
        for kind in ErrorKind
        for origin in ([KINDS[kind].blames] if KINDS[kind].blames else ["gateway", "caller", "provider", "policy"])
    }
