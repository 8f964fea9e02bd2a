"""The system's time behind the Clock port."""

import time


class SystemClock:
    """Tells the system's time; the only place that asks for it."""

    def monotonic_s(self) -> float:
        return time.monotonic()  # noqa: TID251 - this class is the Clock port's home

    def unix_s(self) -> float:
        return time.time()  # noqa: TID251 - this class is the Clock port's home
