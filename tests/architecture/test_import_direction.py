"""Imports point inward only: entrypoints → adapters → application → domain; and importing does nothing."""

import subprocess
import sys

import pytest

from tests.architecture.import_rules import NAMED_ELSEWHERE, PROVIDERS, import_mistakes, imports, work_on_import
from tests.architecture.modules import ROOT, Module, own_modules, told

MAIN_GUARDED = {"entrypoints.__main__": "what `python -m entrypoints` runs is its whole purpose"}

WATCHED_IMPORTS = """
import importlib, sys, threading

FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.fork", "os.exec", "os.spawn")
HARMLESS = ("socket.__new__", "socket.gethostname")

def watch(event, args):
    if event.startswith(FORBIDDEN) and event not in HARMLESS:
        raise SystemExit(f"importing {current} did {event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"importing {current} wrote {args[0]}")

current = ""
sys.dont_write_bytecode = True
sys.addaudithook(watch)
for current in sys.argv[1:]:
    importlib.import_module(current)
if threading.active_count() != 1:
    raise SystemExit("importing started a thread")
"""

FOLDERS = frozenset({"openai", "anthropic", "compatible"})


def provider_folders() -> frozenset[str]:
    return frozenset(path.parent.name for path in (ROOT / "adapters" / "providers").glob("*/__init__.py"))


def planted(name: str, source: str, *, is_package: bool = False) -> Module:
    return Module(name, name.replace(".", "/") + ".py", source, is_package)


def test_imports_point_inward() -> None:
    folders = provider_folders()
    mistakes = [mistake for module in own_modules() for mistake in import_mistakes(module, folders)]
    assert not mistakes, told(mistakes)


def test_no_exception_outlives_its_reason() -> None:
    used = {
        (module.name, imported.split(".")[2])
        for module in own_modules()
        for _, imported in imports(module)
        if imported.startswith(PROVIDERS)
    }
    assert set(NAMED_ELSEWHERE) <= used


def test_modules_only_define() -> None:
    mistakes = [
        mistake
        for module in own_modules()
        if module.name not in MAIN_GUARDED
        for mistake in work_on_import(module)
    ]
    assert not mistakes, told(mistakes)


def test_importing_opens_no_socket_starts_no_thread_and_writes_no_file() -> None:
    names = [module.name for module in own_modules() if module.name not in MAIN_GUARDED]
    outcome = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORTS, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("domain.x", "import application.answer_chat"),
        ("domain.x", "from adapters.http import exchange"),
        ("domain.x", "import msgspec"),
        ("domain.x", "def f():\n    import httpx"),
        ("domain.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from quart import Quart"),
        ("domain.chat.x", "from ... import adapters"),
        ("application.x", "from adapters.upstream.port import Limits"),
        ("application.x", "import entrypoints"),
        ("application.x", "import msgspec"),
        ("adapters.http.x", "from entrypoints.container import Container"),
        ("adapters.http.x", "from adapters.upstream.port import Limits"),
        ("adapters.http.x", "from adapters import providers"),
        ("adapters.config.x", "from adapters.dialects import sse"),
        ("adapters.dialects.x", "from adapters.upstream import port"),
        ("adapters.observability.x", "async def f():\n    from ..http import exchange"),
        ("adapters.http.x", "from dependency_injector import containers"),
        ("entrypoints.cli", "import dependency_injector.containers"),
        ("adapters.http.x", "import prometheus_client"),
        ("adapters.providers.openai.x", "import openai"),
        ("adapters.providers.openai.x", "from google import genai"),
        ("adapters.providers.openai.x", "from adapters.providers.anthropic import provider"),
        ("adapters.providers.spec", "from adapters.providers import openai"),
        ("entrypoints.x", "from adapters.providers.compatible.table import ROWS"),
    ],
)
def test_a_planted_import_is_found(name: str, source: str) -> None:
    (mistake,) = import_mistakes(planted(name, source), FOLDERS)
    assert mistake.path in str(mistake)
    assert name in mistake.message


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("domain.x", "import re\nfrom domain.errors import ErrorKind"),
        ("application.x", "from domain.errors import ErrorKind\nfrom application.ports import clock"),
        ("adapters.http.x", "import quart\nfrom adapters.dialects.contract import Reply\nimport application"),
        ("adapters.providers.x", "from adapters.upstream import port\nfrom adapters.dialects import sse"),
        (
            "adapters.providers.openai.x",
            "from adapters.providers.openai.y import z\nfrom adapters.providers import spec",
        ),
        ("adapters.providers.registry", "from adapters.providers.openai import provider"),
        ("adapters.observability.x", "import prometheus_client"),
        (
            "entrypoints.container",
            "import dependency_injector\nimport adapters.http.exchange\nimport domain.secret",
        ),
    ],
)
def test_what_is_allowed_is_not_found(name: str, source: str) -> None:
    assert list(import_mistakes(planted(name, source), FOLDERS)) == []


def test_relative_imports_are_followed_from_packages_too() -> None:
    module = planted("adapters.http", "from ..upstream import port", is_package=True)
    (mistake,) = import_mistakes(module, FOLDERS)
    assert "adapters.upstream.port" in mistake.message


@pytest.mark.parametrize(
    "source",
    [
        "print('loaded')",
        "for name in (): pass",
        "with open('x') as file: pass",
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None",
        "if True:\n    x = 1",
        "LINES = open('x').read()",
        "HOME = {'a': [os.getenv('HOME')]}",
        "CLIENT = httpx.AsyncClient()",
        "del x",
        "if __name__ == '__main__':\n    main()",
    ],
)
def test_planted_work_is_found(source: str) -> None:
    assert len(list(work_on_import(planted("domain.x", source)))) == 1


def test_definitions_are_no_work() -> None:
    source = (
        '"""What it is."""\n'
        "import re\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from os import PathLike\n"
        "X: Final = re.compile('x')\n"
        '"""What X is."""\n'
        "later = lambda: open('x')\n"
        "class A:\n    y = 1\n"
        "def f(): print(1)\n"
        "async def g(): ...\n"
    )
    assert list(work_on_import(planted("domain.x", source))) == []
