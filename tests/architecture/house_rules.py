"""The sizes and words of the house rules, checked on syntax trees and text."""

import ast
import re
from collections.abc import Iterator
from typing import TypeAlias

from tests.architecture.modules import Mistake, Module

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 5

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_LEFT_OPEN = re.compile(r"\b(?:TO|FIX)(?:DO|ME)\b|\bX{3}\b")
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/|\b[A-Z]:\\(?:Users|work)\b")
_DOCUMENT = re.compile(r"(?<![\w/.-])([\w./-]*\w\.md)\b")
_ISSUE = re.compile(r"(?i)\bissue #?\d+")


def size_mistakes(module: Module) -> Iterator[Mistake]:
    """Modules and functions that are too long, and functions with too many positional parameters."""
    lines = module.source.count("\n")
    if lines > MAX_MODULE_LINES:
        yield Mistake(
            module.path, 1, f"{lines} lines, at most {MAX_MODULE_LINES}: give each responsibility its module"
        )
    for name, function in functions(module.tree):
        length = code_lines(function)
        if length > MAX_FUNCTION_LINES:
            yield Mistake(
                module.path, function.lineno, f"{name} has {length} lines, at most {MAX_FUNCTION_LINES}: split it"
            )
        parameters = positional_parameters(function)
        if parameters > MAX_PARAMETERS:
            yield Mistake(
                module.path,
                function.lineno,
                f"{name} has {parameters} positional parameters, at most {MAX_PARAMETERS}: name them, or make a value",
            )


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Function]]:
    """Every function with its qualified name, nested ones included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def code_lines(function: _Function) -> int:
    """The lines from `def` to the end, without the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        length -= first.end_lineno - first.lineno + 1
    return length


def positional_parameters(function: _Function) -> int:
    """Parameters that can be given by position, `self` and `cls` not counted."""
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def undocumented(module: Module) -> Iterator[Mistake]:
    """Modules that need a docstring: all but those whose one class or function says everything."""
    public = [
        node
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | _Function) and not node.name.startswith("_")
    ]
    if ast.get_docstring(module.tree) is None and (len(public) != 1 or ast.get_docstring(public[0]) is None):
        yield Mistake(module.path, 1, "says nowhere what it is for; begin it with a docstring")


def text_mistakes(path: str, text: str, documents: frozenset[str]) -> Iterator[Mistake]:
    """Words that do not belong into a finished text; `documents` are the repository's own, by file name."""
    for number, line in enumerate(text.splitlines(), 1):
        if _LEFT_OPEN.search(line):
            yield Mistake(path, number, "left open; finish it or drop it")
        if _MACHINE_PATH.search(line):
            yield Mistake(path, number, "names a path of one machine")
        if _ISSUE.search(line):
            yield Mistake(path, number, "names an issue; say what is so instead")
        for document in _DOCUMENT.findall(line):
            if document.rpartition("/")[2] not in documents:
                yield Mistake(path, number, f"refers to {document}, which is not in the repository")
