"""The system's time behind the Clock port."""

import time


class SystemClock:
    """Tells the system's time; the only place that asks for it."""

    # The builtins themselves: they are asked several times in every call.
    monotonic_s = staticmethod(time.monotonic)  # noqa: TID251 - this class is the Clock port's home
    unix_s = staticmethod(time.time)  # noqa: TID251 - this class is the Clock port's home
