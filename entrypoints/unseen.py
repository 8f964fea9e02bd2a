"""Imports that find less than is there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FRAMEWORKS: Final = ("fast_depends", "fastapi", "starlette", "werkzeug")
"""What dependency-injector imports, where it is installed, for a wiring that is not used here. Werkzeug comes with
Quart: it alone takes 30 ms and 2 MB of a gateway that may never need it."""


@contextmanager
def unseen(names: tuple[str, ...]) -> Iterator[None]:
    """Have those of the modules that are not imported yet not be found."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how an import is made to fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
