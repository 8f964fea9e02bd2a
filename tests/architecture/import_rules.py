"""Which module may import which, and what a module may do when it is imported."""

import ast
import sys
from collections.abc import Iterator, Mapping

from tests.architecture.modules import PACKAGES, Mistake, Module

INWARD: Mapping[str, tuple[str, ...]] = {
    "domain": ("domain",),
    "application": ("application", "domain"),
    "adapters": ("adapters", "application", "domain"),
    "entrypoints": ("entrypoints", "adapters", "application", "domain"),
}
SIBLINGS: Mapping[str, tuple[str, ...]] = {
    "http": ("dialects",),
    "providers": ("dialects", "upstream"),
}
"""Which other adapters an adapter may import."""

STANDARD_LIBRARY_ONLY = ("domain", "application")

HOMES: Mapping[str, str] = {
    "dependency_injector": "entrypoints.container",
    "prometheus_client": "adapters.observability",
}
"""Packages that are imported in one place only."""

VENDOR_SDKS = ("openai", "anthropic", "google")
"""The vendors' own clients serve the tests; the gateway speaks to the vendors itself."""

PROVIDERS = "adapters.providers."
PROVIDER_REGISTRY = "adapters.providers.registry"

NAMED_ELSEWHERE: Mapping[tuple[str, str], str] = {
    (
        "adapters.providers.dispatch",
        "echo",
    ): "it answers within the gateway, so calls are handed to it, not upstream",
    (
        "entrypoints.container",
        "echo",
    ): "the composition root builds the one provider that answers within the gateway",
    ("adapters.providers.mock", "echo"): "a canned answer is told the way echo tells its own",
}
"""(module, provider folder) → why it may name it although it is neither in the folder nor the registry."""

WORKING_CALLS = ("asyncio", "httpx", "open", "os", "print", "socket", "subprocess", "threading", "urllib")
"""Names whose calls do work; at the top of a module, that would be work on import."""

DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


def import_mistakes(module: Module, provider_folders: frozenset[str]) -> Iterator[Mistake]:
    """Imports that point the wrong way, inside functions and for type checkers too."""
    for line, imported in imports(module):
        reason = _wrong_layer(module.name, imported) or _wrong_provider(module.name, imported, provider_folders)
        if reason is not None:
            yield Mistake(module.path, line, f"{module.name} imports {imported}: {reason}")


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a module imports; of `from x import y` that is `x.y`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            source = module.resolve(node)
            for alias in node.names:
                yield node.lineno, f"{source}.{alias.name}"


def _wrong_layer(importer: str, imported: str) -> str | None:
    layer, package = importer.partition(".")[0], imported.partition(".")[0]
    if package in PACKAGES:
        if package not in INWARD[layer]:
            return f"imports point inward only, and {layer} is inside {package}"
        return _wrong_sibling(importer, imported)
    if layer in STANDARD_LIBRARY_ONLY and package not in sys.stdlib_module_names:
        return f"{layer} uses nothing but the standard library"
    if package in VENDOR_SDKS:
        return "the vendors' clients are for the tests"
    home = HOMES.get(package)
    if home is not None and not _within(importer, home):
        return f"{package} is used in {home} only"
    return None


def _wrong_sibling(importer: str, imported: str) -> str | None:
    ours, theirs = importer.split("."), imported.split(".")
    if ours[0] != "adapters" or theirs[0] != "adapters" or len(ours) < 2 or len(theirs) < 2:
        return None
    if theirs[1] == ours[1] or theirs[1] in SIBLINGS.get(ours[1], ()):
        return None
    allowed = ", ".join(SIBLINGS.get(ours[1], ())) or "no other adapter"
    return f"adapters.{ours[1]} may import {allowed}; let the container hand it in"


def _wrong_provider(importer: str, imported: str, folders: frozenset[str]) -> str | None:
    if not imported.startswith(PROVIDERS) or importer == PROVIDER_REGISTRY:
        return None
    folder = imported.split(".")[2]
    if (
        folder in folders
        and not _within(importer, PROVIDERS + folder)
        and (importer, folder) not in NAMED_ELSEWHERE
    ):
        return f"only its own folder and {PROVIDER_REGISTRY} name the provider {folder}"
    return None


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def work_on_import(module: Module) -> Iterator[Mistake]:
    """Top-level statements that are more than definitions."""
    for statement in module.tree.body:
        if not _defines(statement):
            yield Mistake(
                module.path, statement.lineno, "runs on import; move it into a function that somebody calls"
            )
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            for call in _calls(statement.value):
                if _root(call.func) in WORKING_CALLS:
                    yield Mistake(module.path, call.lineno, f"calls {ast.unparse(call.func)} on import")


def _defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
        case ast.If(ast.Name("TYPE_CHECKING"), body, []):
            return all(_defines(inner) for inner in body)
        case _:
            return isinstance(statement, DEFINITIONS)


def _calls(value: ast.expr) -> Iterator[ast.Call]:
    """Calls that are made when `value` is computed, not those inside a lambda."""
    if isinstance(value, ast.Lambda):
        return
    if isinstance(value, ast.Call):
        yield value
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr):
            yield from _calls(child)


def _root(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""
