"""What a start does not do."""

import subprocess
import sys
from pathlib import Path

import pytest

from entrypoints.lazily import lazily

ROOT = Path(__file__).parents[2]
LATER = ("quart", "hypercorn", "httpx", "prometheus_client")


def test_the_data_plane_answers_without_what_it_does_not_use() -> None:
    program = (
        "import sys; import entrypoints.service, adapters.http.wire; "
        f"print([name for name in {LATER!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_imported_late_is_called_as_it_stands() -> None:
    assert lazily("json:dumps")([1], indent=None) == "[1]"
    with pytest.raises(AttributeError):
        lazily("json:nothing")()
