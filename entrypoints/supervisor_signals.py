"""Signals as events of a selector, heard between two steps and never in the middle of one."""

import selectors
import signal
import socket
from collections.abc import Callable

from entrypoints.workers import HEEDED


class Signals:
    """Calls `on_signal` with the number of each signal that is heeded, when `selector` is asked."""

    def __init__(self, selector: selectors.BaseSelector, on_signal: Callable[[int], None]) -> None:
        self._on_signal = on_signal
        self._heard, self._rung = socket.socketpair()
        self._heard.setblocking(False)
        self._rung.setblocking(False)
        selector.register(self._heard, selectors.EVENT_READ, self._hear)
        signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)
        self._before = {heeded: signal.signal(heeded, lambda *_: None) for heeded in HEEDED}

    def leave(self) -> None:
        """Close the sockets: for a process forked from the one that listens."""
        self._heard.close()
        self._rung.close()

    def close(self) -> None:
        """Let signals do again what they did before."""
        signal.set_wakeup_fd(-1)
        for heeded, before in self._before.items():
            signal.signal(heeded, before)
        self.leave()

    def _hear(self) -> None:
        for number in self._heard.recv(4096):
            self._on_signal(number)
