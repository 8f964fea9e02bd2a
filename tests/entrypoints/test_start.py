"""What a start does not do."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoints.lazily import lazily
from entrypoints.unseen import unseen

ROOT = Path(__file__).parents[2]
LATER = ("quart", "werkzeug", "hypercorn", "httpx", "prometheus_client")


def test_the_data_plane_answers_without_what_it_does_not_use() -> None:
    program = (
        "import sys\nfrom entrypoints.unseen import FRAMEWORKS, unseen\n"
        "with unseen(FRAMEWORKS): import entrypoints.service, adapters.http.wire\n"
        f"print([name for name in {LATER!r} if name in sys.modules]); import quart"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_not_seen_is_there_afterwards() -> None:
    missing = "tests.entrypoints.nothing"
    with unseen(("json", "this", missing)):
        importlib.import_module("json")  # was there before
        with pytest.raises(ImportError):
            importlib.import_module("this")
    assert missing not in sys.modules
    assert "this" not in sys.modules
    assert importlib.util.find_spec("this") is not None


@pytest.mark.parametrize("looks_for_garbage", [True, False])
def test_garbage_is_looked_for_again_once_all_is_built(looks_for_garbage: bool) -> None:
    held = "hold_collections()" if not looks_for_garbage else ""
    program = (
        "import gc; from entrypoints.garbage import hold_collections, spare_collections\n"
        f"{held}\nprint(gc.isenabled())\nspare_collections()\nprint(gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{looks_for_garbage}\nTrue True\n"


def test_what_is_imported_late_is_called_as_it_stands() -> None:
    assert lazily("json:dumps")([1], indent=None) == "[1]"
    with pytest.raises(AttributeError):
        lazily("json:nothing")()
