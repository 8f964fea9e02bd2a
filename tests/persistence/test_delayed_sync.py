import os
import threading

import pytest

from adapters.persistence.delayed_sync import DelayedSync

A_LONG_TIME_S = 60.0


class Disk:
    """Counts syncs; each begins when it is allowed to."""

    def __init__(self) -> None:
        self.syncs = 0
        self.threads: set[int] = set()
        self.began = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def sync(self) -> None:
        self.threads.add(threading.get_ident())
        self.began.release()
        assert self.may_end.acquire(timeout=A_LONG_TIME_S)
        self.syncs += 1


def test_nobody_waits_for_the_disk() -> None:
    disk = Disk()
    delayed = DelayedSync(disk.sync, pause_s=0)
    delayed.want()
    assert disk.began.acquire(timeout=A_LONG_TIME_S)
    delayed.want()
    disk.may_end.release(2)
    assert disk.began.acquire(timeout=A_LONG_TIME_S)
    disk.may_end.release()
    delayed.close()
    assert disk.syncs == 3
    assert threading.get_ident() not in disk.threads


def test_there_is_one_sync_in_a_pause_and_one_at_the_end() -> None:
    disk = Disk()
    disk.may_end.release(3)
    delayed = DelayedSync(disk.sync, pause_s=A_LONG_TIME_S)
    delayed.want()
    assert disk.began.acquire(timeout=A_LONG_TIME_S)
    for _ in range(1000):
        delayed.want()
    delayed.close()
    assert disk.syncs == 2


def test_a_disk_that_fails_is_told_to_whoever_writes_next() -> None:
    failed = threading.Event()

    def sync() -> None:
        failed.set()
        raise OSError(5, os.strerror(5))

    delayed = DelayedSync(sync, pause_s=0)
    delayed.want()
    assert failed.wait(A_LONG_TIME_S)
    with pytest.raises(OSError, match="Input/output error"):
        delayed.close()
    with pytest.raises(OSError, match="Input/output error"):
        delayed.want()


def test_a_last_sync_that_fails_is_told() -> None:
    def sync() -> None:
        raise OSError(28, os.strerror(28))

    with pytest.raises(OSError, match="No space left"):
        DelayedSync(sync).close()
