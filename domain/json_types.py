"""The shape of a decoded JSON value; canonical values keep schemas, arguments and vendor leftovers in it."""

from collections.abc import Mapping
from typing import Any, TypeAlias

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict of str to JSON. `Any`, because a recursive alias makes
every access at the JSON edge a cast without catching a mistake that the parsers do not check anyway."""

Ext: TypeAlias = Mapping[str, Mapping[str, JSON]]
"""Leftover wire members by vendor family (`openai`, `anthropic`, `google`), at the level where they stood."""

NO_EXT: Ext = {}
