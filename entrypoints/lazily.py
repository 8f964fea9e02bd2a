"""Imports that wait until they are needed."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazily(place: str) -> Callable[..., Any]:
    """The class or function at `place` (`module:name`), whose module is imported when it is first called."""
    module, _, name = place.partition(":")

    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **options)

    return call
