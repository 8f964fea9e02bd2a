"""The table of traps is whole, and every test that it names is there."""

import ast
from functools import cache

import pytest

from tests.architecture.modules import ROOT
from tests.translation.answer_traps import ANSWER_TRAPS
from tests.translation.request_traps import REQUEST_TRAPS
from tests.translation.traps import TRAPS


@cache
def functions_of(file: str) -> frozenset[str]:
    """The names of the test functions in `file`."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def test_every_trap_is_told_once() -> None:
    assert sorted(TRAPS) == list(range(1, 66))
    assert not REQUEST_TRAPS.keys() & ANSWER_TRAPS.keys()


@pytest.mark.parametrize("number", sorted(TRAPS))
def test_every_trap_is_shown_by_tests_that_exist(number: int) -> None:
    trap = TRAPS[number]
    assert trap.statement
    assert trap.tests
    for node in trap.tests:
        file, _, name = node.partition("::")
        assert name.partition("[")[0] in functions_of(file), node
