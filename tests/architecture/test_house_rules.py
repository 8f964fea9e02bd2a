"""Sizes and words. Each exception has its reason; one that is no longer needed is a mistake too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house_rules import size_mistakes, text_mistakes, undocumented
from tests.architecture.modules import PACKAGES, ROOT, Mistake, Module, own_modules, told

LONG_TABLES: dict[str, str] = {
    "adapters/providers/compatible/table.py": "one row for each provider, and a row is several lines",
}
"""Modules that may be longer because they are tables, each with its reason."""

TEXT_SUFFIXES = frozenset({".py", ".md", ".yaml", ".yml", ".toml"})
PLACES = (*PACKAGES, "tests", "docs", "bench", "deploy")


def texts() -> Iterator[Path]:
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and _is_text(path))
    for place in PLACES:
        yield from (path for path in sorted((ROOT / place).rglob("*")) if path.is_file() and _is_text(path))


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES or path.name == "Makefile"


def planted(source: str) -> Module:
    return Module("domain.x", "domain/x.py", source)


def test_modules_and_functions_are_small() -> None:
    mistakes = [
        mistake
        for module in own_modules()
        for mistake in size_mistakes(module)
        if not (module.path in LONG_TABLES and mistake.line == 1)
    ]
    assert not mistakes, told(mistakes)


def test_no_exception_outlives_its_reason() -> None:
    long = {module.path for module in own_modules() if any(m.line == 1 for m in size_mistakes(module))}
    assert set(LONG_TABLES) <= long
    assert all(LONG_TABLES.values())


def test_modules_say_what_they_are_for() -> None:
    mistakes = [mistake for module in own_modules() for mistake in undocumented(module)]
    assert not mistakes, told(mistakes)


def test_texts_are_finished_and_refer_to_what_is_there() -> None:
    documents = frozenset(path.name for path in texts() if path.suffix == ".md")
    mistakes: list[Mistake] = []
    for path in texts():
        relative = path.relative_to(ROOT).as_posix()
        if not relative.startswith("tests/architecture/"):
            mistakes += text_mistakes(relative, path.read_text("utf-8"), documents)
    assert not mistakes, told(mistakes)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("x = 1\n" * 301, "301 lines"),
        ("def f():\n" + "    x = 1\n" * 40, "f has 41 lines"),
        ("class A:\n    async def f(self):\n" + "        x = 1\n" * 41, "A.f has 42 lines"),
        ("def outer():\n    def inner(a, b, c, d, e, f): ...", "outer.inner has 6 positional"),
        ("class A:\n    def f(self, a, b, c, /, d, e, f): ...", "A.f has 6 positional"),
    ],
)
def test_planted_sizes_are_found(source: str, word: str) -> None:
    (mistake,) = size_mistakes(planted(source))
    assert word in mistake.message


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 300,
        'def f():\n    """One.\n' + "\n" * 30 + '    """\n' + "    x = 1\n" * 39,
        "class A:\n    def f(self, a, b, c, d, e, *, g, h): ...",
    ],
)
def test_what_is_small_enough_is_not_found(source: str) -> None:
    assert list(size_mistakes(planted(source))) == []


@pytest.mark.parametrize(
    "line",
    [
        "# TODO: later",
        "FIXME",
        "see /root/notes",
        "path = '/home/me/x'",
        r"C:\Users\me",
        "as issue 12 says",
        "as NOWHERE.md says",
        "[guide](docs/nowhere.md)",
    ],
)
def test_planted_words_are_found(line: str) -> None:
    assert len(list(text_mistakes("x.py", "fine\n" + line, frozenset({"README.md"})))) == 1


@pytest.mark.parametrize(
    "line", ["autodock", "see README.md", "https://host/home/x", "an issue of 2 kinds", "the /homepage"]
)
def test_harmless_words_are_not_found(line: str) -> None:
    assert list(text_mistakes("x.py", line, frozenset({"README.md"}))) == []


@pytest.mark.parametrize("source", ["X = 1", "def a(): ...", "class A:\n    '''.'''\nclass B:\n    '''.'''"])
def test_a_module_without_a_word_is_found(source: str) -> None:
    assert len(list(undocumented(planted(source)))) == 1


@pytest.mark.parametrize("source", ["'''What.'''\nX = 1", "class A:\n    '''All there is.'''\ndef _b(): ..."])
def test_a_module_that_says_its_purpose_is_not_found(source: str) -> None:
    assert list(undocumented(planted(source))) == []
